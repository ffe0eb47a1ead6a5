// Gradients of attention of bf16 heads of 64 or 128 columns, without sums whose order is open: one kernel goes over the queries of a tile of keys, another over the keys of a tile
// of queries. The first computes the probabilities anew from the logarithms that the forward pass left, and keeps the gradients of scores for the second where there is memory for them;
// else the second computes them once more.

extern __shared__ unsigned char dynamic_shared[];

// Per 64 queries: their first visible keys, the least of them, the greatest, and two that fill 16 bytes.
constexpr int BOUNDS = 68;

// bounds [sequences, tiles, 68]; rows beyond the last are taken for it.
extern "C" __global__ void __launch_bounds__(32) bounds_bf16(const int* __restrict__ starts, int* __restrict__ bounds, int queries, int window)
{
    int low_min = 0x7fffffff, low_max = 0;
    bounds += ((i64)blockIdx.y * gridDim.x + blockIdx.x) * BOUNDS;
    for (int i = threadIdx.x; i < 64; i += 32)
    {
        int row = min((int)blockIdx.x * 64 + i, queries - 1), low = starts ? starts[(i64)blockIdx.y * queries + row] : 0;
        if (window > 0) low = max(low, row - window + 1);
        bounds[i] = low = max(low, 0);
        low_min = min(low_min, low);
        low_max = max(low_max, low);
    }
    for (int o = 16; o > 0; o >>= 1)
    {
        low_min = min(low_min, __shfl_xor_sync(0xffffffffu, low_min, o));
        low_max = max(low_max, __shfl_xor_sync(0xffffffffu, low_max, o));
    }
    if (threadIdx.x < 4) bounds[64 + threadIdx.x] = threadIdx.x == 0 ? low_min : low_max;
}

// statistics [sequences, heads, padded]: (log-sum-exp in powers of two, output · its gradient); a row beyond the last has probability 0 everywhere. D / 8 lanes to a row of a head.
template <int D> __device__ __forceinline__ void row_statistics(
    const bf16* __restrict__ output, const bf16* __restrict__ gradient, const float* __restrict__ log_sum_exp, float2* __restrict__ statistics, int queries, int heads, int padded)
{
    constexpr int LANES = D / 8;
    i64 item = ((i64)blockIdx.x * 256 + threadIdx.x) / LANES;
    int row = (int)(item / heads), head = (int)(item % heads);
    i64 at = ((i64)blockIdx.y * queries + row) * heads + head;
    float sum = 0.0f;
    if (row < queries)
    {
        float x[8], y[8];
        load8(output + at * D + threadIdx.x % LANES * 8, x);
        load8(gradient + at * D + threadIdx.x % LANES * 8, y);
#pragma unroll
        for (int i = 0; i < 8; i++) sum = __fmaf_rn(x[i], y[i], sum);
    }
#pragma unroll
    for (int o = LANES / 2; o > 0; o >>= 1) sum += __shfl_xor_sync(0xffffffffu, sum, o);
    if (threadIdx.x % LANES == 0 && row < padded)
        statistics[((i64)blockIdx.y * heads + head) * padded + row] = row < queries ? make_float2(log_sum_exp[at] * 1.4426950408889634f, sum) : make_float2(__int_as_float(0x7f800000), 0.0f);
}

// y = a bᵀ for 32 rows each of two tiles, the inner axis being their D columns.
template <int D> __device__ __forceinline__ void products(float (&y)[2][4][4], u32 a_at, u32 b_at)
{
#pragma unroll
    for (int n = 0; n < 4; n++)
#pragma unroll
        for (int i = 0; i < 4; i++) y[0][n][i] = y[1][n][i] = 0.0f;
#pragma unroll
    for (int c = 0; c < D / 16; c++)
    {
        u32 a[2][4];
        ldmatrix_x4_at(a[0], a_at ^ (c * 32));
        ldmatrix_x4_at(a[1], (a_at ^ (c * 32)) + 16 * 2 * D);
#pragma unroll
        for (int n = 0; n < 2; n++)
        {
            u32 b[4];
            ldmatrix_x4_at(b, (b_at ^ (c * 32)) + n * 16 * 2 * D);
            mma_pair(y[0][2 * n], y[0][2 * n + 1], a[0], b);
            mma_pair(y[1][2 * n], y[1][2 * n + 1], a[1], b);
        }
    }
}

// y += a b: a is 32 x 32 as operands, b 32 rows of a tile, of which N * 16 columns.
template <int D, int N> __device__ __forceinline__ void accumulate(float (&y)[2][2 * N][4], const u32 (&a)[2][2][4], u32 b_at)
{
#pragma unroll
    for (int j = 0; j < 2; j++)
#pragma unroll
        for (int n = 0; n < N; n++)
        {
            u32 b[4];
            ldmatrix_x4_trans_at(b, (b_at ^ (n * 32)) + j * 16 * 2 * D);
            mma_pair(y[0][2 * n], y[0][2 * n + 1], a[0][j], b);
            mma_pair(y[1][2 * n], y[1][2 * n + 1], a[1][j], b);
        }
}

// Gradients of scores of 32 queries and 32 keys are kept as the four A operands of a warp, queries by keys, 16 bytes a lane: 128 pieces. Blocks of a head follow each other by queries, then keys.
__device__ __forceinline__ i64 kept_block(i64 head, int padded, int query, int key)
{
    i64 rows = padded / 32, row = query / 32;
    return (head * (rows * (rows + 1) / 2) + row * (row + 1) / 2 + key / 32) * 128;
}

__device__ __forceinline__ void keep_scores(uint4* to, const u32 (&a)[2][2][4])
{
#pragma unroll
    for (int k = 0; k < 2; k++)
#pragma unroll
        for (int q = 0; q < 2; q++)
        {
            const u32 (&x)[4] = a[k][q];
            to[(q * 2 + k) * 32] = make_uint4(transpose_8x8(x[0]), transpose_8x8(x[2]), transpose_8x8(x[1]), transpose_8x8(x[3]));
        }
}

template <int N> __device__ __forceinline__ void clear(float (&y)[2][N][4])
{
#pragma unroll
    for (int n = 0; n < N; n++)
#pragma unroll
        for (int i = 0; i < 4; i++) y[0][n][i] = y[1][n][i] = 0.0f;
}

__device__ __forceinline__ void pack_operands(u32 (&a)[2][2][4], const float (&y)[2][4][4])
{
#pragma unroll
    for (int m = 0; m < 2; m++)
#pragma unroll
        for (int j = 0; j < 2; j++) pack_operand(a[m][j], y[m][2 * j], y[m][2 * j + 1]);
}

// 32 rows of accumulators, times a factor and rounded, into a tile.
template <int D, int N> __device__ __forceinline__ void set_rows(unsigned char* tile, int row, int column, const float (&y)[2][N][4], float factor)
{
    int lane = threadIdx.x & 31;
#pragma unroll
    for (int m = 0; m < 2; m++)
#pragma unroll
        for (int n = 0; n < N; n++)
        {
            set_pair<D>(tile, row + m * 16 + (lane >> 2), column + n * 8 + (lane & 3) * 2, y[m][n][0] * factor, y[m][n][1] * factor);
            set_pair<D>(tile, row + m * 16 + 8 + (lane >> 2), column + n * 8 + (lane & 3) * 2, y[m][n][2] * factor, y[m][n][3] * factor);
        }
}

// A block has 128 keys of one KV head and goes over its query heads' queries in tiles of 64. Scores are computed transposed, keys by queries, so that probabilities are operands of
// both sums as they are. S warps share 32 keys: each computes the scores of its part of the queries, tells the others, and sums 64 columns of the gradients.
template <int D> __device__ __forceinline__ void key_gradients(
    const bf16* __restrict__ query, const bf16* __restrict__ key, const bf16* __restrict__ value, const bf16* __restrict__ gradient, const float2* __restrict__ statistics,
    const int* __restrict__ bounds, uint4* __restrict__ kept, bf16* __restrict__ key_gradient, bf16* __restrict__ value_gradient, int queries, int heads, int group, int padded, float scale)
{
    constexpr int ROW = 2 * D, S = D / 64, THREADS = 128 * S, TILE = 64 * ROW;
    unsigned char* shared = dynamic_shared + bytes_before_tiles(dynamic_shared);
    u32 tiles_at = shared_address(shared);
    float2* rows = (float2*)(shared + 8 * TILE);
    int* lows = (int*)(rows + 2 * 64);
    uint4* exchange = (uint4*)(lows + 2 * BOUNDS);
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, part = warp % S, k_warp = warp / S * 32;
    int k0 = blockIdx.x * 128, tiles = padded / 64, kv_heads = heads / group;
    int stride = heads * D, key_stride = kv_heads * D;
    i64 key_offset = ((i64)blockIdx.z * queries + k0) * key_stride + blockIdx.y * D;
    float scale_log2 = scale * 1.4426950408889634f;
    load_tile<128, D, THREADS>(tiles_at, key + key_offset, key_stride, queries - k0);
    load_tile<128, D, THREADS>(tiles_at + 2 * TILE, value + key_offset, key_stride, queries - k0);

    // The last tile of queries that sees one of the keys.
    int begin = k0 / 64, end = begin + 1;
    for (int t = begin + threadIdx.x; t * 64 < queries; t += THREADS)
        if (bounds[((i64)blockIdx.z * tiles + t) * BOUNDS + 64] <= k0 + 127) end = t + 1;
#pragma unroll
    for (int o = 16; o > 0; o >>= 1) end = max(end, __shfl_xor_sync(0xffffffffu, end, o));
    if (lane == 0) lows[warp] = end;
    __syncthreads();
#pragma unroll
    for (int w = 0; w < 4 * S; w++) end = max(end, lows[w]);
    __syncthreads();

    float dk[2][8][4], dv[2][8][4];
    clear(dk);
    clear(dv);
    int load_head = blockIdx.y * group, load_t = begin, count = group * (end - begin);
    for (int step = -1, t = begin, head = load_head; step < count; step++)
    {
        forget(tiles_at);
        u32 buffer = step & 1, q_at = tiles_at + 4 * TILE, g_at = tiles_at + 6 * TILE, rows_at = tiles_at + 8 * TILE, lows_at = rows_at + 2 * 64 * 8;
        if (step >= 0)
        {
            cp_async_wait<0>();
            __syncthreads();
        }
        if (step + 1 < count)
        {
            // The next tile, while this one is worked on.
            u32 next = buffer ^ 1, z = blockIdx.z;
            forget(z);
            int q = load_t * 64;
            i64 offset = ((i64)z * queries + q) * stride + load_head * D;
            load_tile<64, D, THREADS>(q_at + next * TILE, query + offset, stride, queries - q);
            load_tile<64, D, THREADS>(g_at + next * TILE, gradient + offset, stride, queries - q);
            if (warp == 0) cp_async_16_at(rows_at + next * 512 + lane * 16, statistics + ((i64)z * heads + load_head) * padded + q + lane * 2, true);
            if (warp == 1 && lane < BOUNDS / 4) cp_async_16_at(lows_at + next * (BOUNDS * 4) + lane * 16, bounds + ((i64)z * tiles + load_t) * BOUNDS + lane * 4, true);
            cp_async_commit();
            if (++load_t == end) { load_t = begin; load_head++; }
        }
        if (step < 0) continue;

        const int* low = lows + buffer * BOUNDS;
        int low_min = low[64], low_max = low[65];
        u32 q_tile = q_at + buffer * TILE, g_tile = g_at + buffer * TILE;
#pragma unroll 1
        for (int half = part; half < 2; half += S)
        {
            // Whether any of the 32 queries from q on sees any of the 32 keys: if not, all here is 0.
            int q = t * 64 + half * 32;
            if (q + 31 < k0 + k_warp || low_min > k0 + k_warp + 31) continue;
            float p[2][4][4], ds[2][4][4];
            u32 keys = lane_rows<D>(tiles_at + k_warp * ROW);
            products<D>(p, keys, lane_columns<D>(q_tile + half * 32 * ROW));
            const float2* row = rows + buffer * 64 + half * 32 + (lane & 3) * 2;
            if (q < k0 + k_warp + 31 || low_max > k0 + k_warp)
            {
                int k = k0 + k_warp + (lane >> 2), to = q + (lane & 3) * 2 - k;
                const int* first = low + half * 32 + (lane & 3) * 2;
#pragma unroll
                for (int n = 0; n < 4; n++)
#pragma unroll
                    for (int i = 0; i < 4; i++)
                    {
                        int from = first[n * 8 + (i & 1)] - k;
#pragma unroll
                        for (int m = 0; m < 2; m++)
                            if (m * 16 + (i >> 1) * 8 - n * 8 - (i & 1) > to || m * 16 + (i >> 1) * 8 < from) p[m][n][i] = __int_as_float(0xff800000);
                    }
            }
#pragma unroll
            for (int n = 0; n < 4; n++)
            {
                float4 of = *(const float4*)(row + n * 8);
#pragma unroll
                for (int m = 0; m < 2; m++)
#pragma unroll
                    for (int i = 0; i < 4; i++) p[m][n][i] = exp2_fast(__fmaf_rn(p[m][n][i], scale_log2, i & 1 ? -of.z : -of.x));
            }
            products<D>(ds, keys + 2 * TILE, lane_columns<D>(g_tile + half * 32 * ROW));
#pragma unroll
            for (int n = 0; n < 4; n++)
            {
                float4 of = *(const float4*)(row + n * 8);
#pragma unroll
                for (int m = 0; m < 2; m++)
#pragma unroll
                    for (int i = 0; i < 4; i++) ds[m][n][i] = p[m][n][i] * (ds[m][n][i] - (i & 1 ? of.w : of.y));
            }
            u32 pa[2][2][4], da[2][2][4];
            pack_operands(pa, p);
            pack_operands(da, ds);
            if (kept) keep_scores(kept + kept_block((i64)blockIdx.z * heads + head, padded, q, k0 + k_warp) + lane, da);
            if (S == 2)
            {
                uint4* mine = exchange + warp * 256 + lane;
#pragma unroll
                for (int f = 0; f < 4; f++)
                {
                    const u32 (&x)[4] = pa[f >> 1][f & 1], (&y)[4] = da[f >> 1][f & 1];
                    mine[f * 32] = make_uint4(x[0], x[1], x[2], x[3]);
                    mine[128 + f * 32] = make_uint4(y[0], y[1], y[2], y[3]);
                }
            }
            accumulate<D, 4>(dv, pa, lane_rows<D>(g_tile + half * 32 * ROW) ^ (part * 128));
            accumulate<D, 4>(dk, da, lane_rows<D>(q_tile + half * 32 * ROW) ^ (part * 128));
        }
        if (S == 2)
        {
            __syncthreads();
            int half = part ^ 1, q = t * 64 + half * 32;
            if (q + 31 >= k0 + k_warp && low_min <= k0 + k_warp + 31)
            {
                const uint4* other = exchange + (warp ^ 1) * 256 + lane;
                u32 pa[2][2][4], da[2][2][4];
#pragma unroll
                for (int f = 0; f < 4; f++)
                {
                    u32 (&x)[4] = pa[f >> 1][f & 1], (&y)[4] = da[f >> 1][f & 1];
                    uint4 a = other[f * 32], b = other[128 + f * 32];
                    x[0] = a.x; x[1] = a.y; x[2] = a.z; x[3] = a.w;
                    y[0] = b.x; y[1] = b.y; y[2] = b.z; y[3] = b.w;
                }
                accumulate<D, 4>(dv, pa, lane_rows<D>(g_tile + half * 32 * ROW) ^ (part * 128));
                accumulate<D, 4>(dk, da, lane_rows<D>(q_tile + half * 32 * ROW) ^ (part * 128));
            }
        }
        if (++t == end) { t = begin; head++; }
    }

    // Where the rows are is reckoned anew, not kept until here.
    u32 z = blockIdx.z;
    forget(z);
    i64 offset = ((i64)z * queries + k0) * key_stride + blockIdx.y * D;
    __syncthreads();
    set_rows<D>(shared, k_warp, part * 64, dk, scale);
    set_rows<D>(shared + 2 * TILE, k_warp, part * 64, dv, 1.0f);
    __syncthreads();
    store_tile<128, D, THREADS>(shared, key_gradient + offset, key_stride, queries - k0, threadIdx.x);
    store_tile<128, D, THREADS>(shared + 2 * TILE, value_gradient + offset, key_stride, queries - k0, threadIdx.x);
}

// A block has 128 queries of one head, 32 to a warp, and goes over the keys that they see in tiles of 32.
template <int D> __device__ __forceinline__ void query_gradients(
    const bf16* __restrict__ query, const bf16* __restrict__ key, const bf16* __restrict__ value, const bf16* __restrict__ gradient, const float2* __restrict__ statistics,
    const int* __restrict__ bounds, bf16* __restrict__ query_gradient, int queries, int heads, int group, int padded, float scale)
{
    constexpr int ROW = 2 * D, TILE = 32 * ROW;
    unsigned char* shared = dynamic_shared + bytes_before_tiles(dynamic_shared);
    u32 q_at = shared_address(shared);
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    int q0 = (gridDim.x - 1 - blockIdx.x) * 128, head = blockIdx.y, q_warp = q0 + warp * 32, last = min(q_warp + 31, queries - 1);
    int stride = heads * D, key_stride = heads / group * D;
    i64 sequence = blockIdx.z, offset = (sequence * queries + q0) * stride + head * D;
    statistics += (sequence * heads + head) * padded + q_warp;
    bounds += (sequence * (padded / 64) + q0 / 64) * BOUNDS;
    float scale_log2 = scale * 1.4426950408889634f;
    load_tile<128, D, 128>(q_at, query + offset, stride, queries - q0);
    load_tile<128, D, 128>(q_at + 4 * TILE, gradient + offset, stride, queries - q0);
    int begin = min(bounds[64], bounds[BOUNDS + 64]) & ~31, end = min(q0 + 128, queries);
    bounds += (warp >> 1) * BOUNDS;
    int low_min = bounds[64], low_max = bounds[65];
    float2 rows[2][2];
#pragma unroll
    for (int r = 0; r < 4; r++) rows[r >> 1][r & 1] = statistics[r * 8 + (lane >> 2)];
    i64 from = (sequence * queries + begin) * key_stride + head / group * D;
    load_tile<32, D, 128>(q_at + 8 * TILE, key + from, key_stride, queries - begin);
    load_tile<32, D, 128>(q_at + 10 * TILE, value + from, key_stride, queries - begin);
    cp_async_commit();

    float dq[2][D / 8][4];
    clear(dq);
    u32 buffer = 0;
    for (int k0 = begin; k0 < end; k0 += 32, buffer ^= TILE)
    {
        forget(q_at);
        u32 k_at = q_at + 8 * TILE, v_at = q_at + 10 * TILE;
        cp_async_wait<0>();
        __syncthreads();
        from += 32 * key_stride;
        if (k0 + 32 < end)
        {
            load_tile<32, D, 128>(k_at + (buffer ^ TILE), key + from, key_stride, queries - k0 - 32);
            load_tile<32, D, 128>(v_at + (buffer ^ TILE), value + from, key_stride, queries - k0 - 32);
            cp_async_commit();
        }
        if (k0 > last || k0 + 31 < low_min || q_warp >= queries) continue;

        float p[2][4][4], ds[2][4][4];
        u32 rows_at = lane_rows<D>(q_at + warp * TILE);
        products<D>(p, rows_at, lane_columns<D>(k_at + buffer));
        if (k0 + 31 > q_warp || k0 < low_max)
        {
#pragma unroll
            for (int m = 0; m < 2; m++)
#pragma unroll
                for (int i = 0; i < 4; i++)
                {
                    int row = m * 16 + (i >> 1) * 8 + (lane >> 2), k = k0 + (lane & 3) * 2, from_key = bounds[(warp & 1) * 32 + row] - k, to_key = q_warp + row - k;
#pragma unroll
                    for (int n = 0; n < 4; n++)
                        if (n * 8 + (i & 1) < from_key || n * 8 + (i & 1) > to_key) p[m][n][i] = __int_as_float(0xff800000);
                }
        }
#pragma unroll
        for (int m = 0; m < 2; m++)
#pragma unroll
            for (int n = 0; n < 4; n++)
#pragma unroll
                for (int i = 0; i < 4; i++) p[m][n][i] = exp2_fast(__fmaf_rn(p[m][n][i], scale_log2, -rows[m][i >> 1].x));
        products<D>(ds, rows_at + 4 * TILE, lane_columns<D>(v_at + buffer));
#pragma unroll
        for (int m = 0; m < 2; m++)
#pragma unroll
            for (int n = 0; n < 4; n++)
#pragma unroll
                for (int i = 0; i < 4; i++) ds[m][n][i] = p[m][n][i] * (ds[m][n][i] - rows[m][i >> 1].y);
        u32 a[2][2][4];
        pack_operands(a, ds);
        accumulate<D, D / 16>(dq, a, lane_rows<D>(k_at + buffer));
    }

    u32 z = blockIdx.z;
    forget(z);
    unsigned char* gradients = shared + warp * TILE;
    __syncwarp();
    set_rows<D>(gradients, 0, 0, dq, scale);
    __syncwarp();
    store_tile<32, D, 32>(gradients, query_gradient + ((i64)z * queries + q_warp) * stride + head * D, stride, queries - q_warp, lane);
}

// A block has 128 queries of one head, 32 to a warp, and goes over the keys that they see in tiles of 64; the gradients of scores were kept.
template <int D> __device__ __forceinline__ void query_sums(
    const bf16* __restrict__ key, const uint4* __restrict__ kept, const int* __restrict__ bounds, bf16* __restrict__ query_gradient, int queries, int heads, int group, int padded, float scale)
{
    constexpr int ROW = 2 * D, TILE = 64 * ROW;
    unsigned char* shared = dynamic_shared + bytes_before_tiles(dynamic_shared);
    u32 k_at = shared_address(shared);
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    int q0 = (gridDim.x - 1 - blockIdx.x) * 128, head = blockIdx.y, q_warp = q0 + warp * 32, last = q_warp < queries ? min(q_warp + 31, queries - 1) : -1;
    int stride = heads * D, key_stride = heads / group * D;
    i64 sequence = blockIdx.z;
    kept += kept_block(sequence * heads + head, padded, q_warp, 0) + lane;
    bounds += (sequence * (padded / 64) + q0 / 64) * BOUNDS;
    int begin = min(bounds[64], bounds[BOUNDS + 64]) & ~63, end = min(q0 + 128, queries), low_min = bounds[(warp >> 1) * BOUNDS + 64];
    i64 from = (sequence * queries + begin) * key_stride + head / group * D;
    load_tile<64, D, 128>(k_at, key + from, key_stride, queries - begin);
    cp_async_commit();

    float dq[2][D / 8][4];
    clear(dq);
    uint4 next[2][4];
#pragma unroll
    for (int h = 0; h < 2; h++)
#pragma unroll
        for (int f = 0; f < 4; f++)
            if (begin + h * 32 <= last && begin + h * 32 + 31 >= low_min) next[h][f] = kept[begin / 32 * 128 + h * 128 + f * 32];
    u32 buffer = 0;
    for (int k0 = begin; k0 < end; k0 += 64, buffer ^= TILE)
    {
        u32 a[2][2][2][4];
#pragma unroll
        for (int h = 0; h < 2; h++)
#pragma unroll
            for (int f = 0; f < 4; f++)
            {
                u32 (&x)[4] = a[h][f >> 1][f & 1];
                x[0] = next[h][f].x; x[1] = next[h][f].y; x[2] = next[h][f].z; x[3] = next[h][f].w;
            }
        cp_async_wait<0>();
        __syncthreads();
        from += 64 * key_stride;
        if (k0 + 64 < end)
        {
            load_tile<64, D, 128>(k_at + (buffer ^ TILE), key + from, key_stride, queries - k0 - 64);
            cp_async_commit();
#pragma unroll
            for (int h = 0; h < 2; h++)
#pragma unroll
                for (int f = 0; f < 4; f++)
                    if (k0 + 64 + h * 32 <= last && k0 + 95 + h * 32 >= low_min) next[h][f] = kept[(k0 + 64) / 32 * 128 + h * 128 + f * 32];
        }
#pragma unroll
        for (int h = 0; h < 2; h++)
            if (k0 + h * 32 <= last && k0 + h * 32 + 31 >= low_min) accumulate<D, D / 16>(dq, a[h], lane_rows<D>(k_at + buffer + h * 32 * ROW));
    }

    unsigned char* gradients = shared + warp * 32 * ROW;
    __syncthreads();
    set_rows<D>(gradients, 0, 0, dq, scale);
    __syncwarp();
    store_tile<32, D, 32>(gradients, query_gradient + (sequence * queries + q_warp) * stride + head * D, stride, queries - q_warp, lane);
}

#define GRADIENTS(D) \
    extern "C" __global__ void __launch_bounds__(256) row_statistics_##D##_bf16( \
        const bf16* output, const bf16* gradient, const float* log_sum_exp, float2* to, int queries, int heads, int padded) \
    { row_statistics<D>(output, gradient, log_sum_exp, to, queries, heads, padded); } \
    extern "C" __global__ void __launch_bounds__(2 * D, 1) key_gradients_##D##_bf16( \
        const bf16* query, const bf16* key, const bf16* value, const bf16* gradient, const float2* statistics, const int* bounds, uint4* kept, bf16* key_gradient, bf16* value_gradient, \
        int queries, int heads, int group, int padded, float scale) \
    { key_gradients<D>(query, key, value, gradient, statistics, bounds, kept, key_gradient, value_gradient, queries, heads, group, padded, scale); } \
    extern "C" __global__ void __launch_bounds__(128, 2) query_gradients_##D##_bf16( \
        const bf16* query, const bf16* key, const bf16* value, const bf16* gradient, const float2* statistics, const int* bounds, bf16* query_gradient, \
        int queries, int heads, int group, int padded, float scale) \
    { query_gradients<D>(query, key, value, gradient, statistics, bounds, query_gradient, queries, heads, group, padded, scale); } \
    extern "C" __global__ void __launch_bounds__(128, 2) query_sums_##D##_bf16( \
        const bf16* key, const uint4* kept, const int* bounds, bf16* query_gradient, int queries, int heads, int group, int padded, float scale) \
    { query_sums<D>(key, kept, bounds, query_gradient, queries, heads, group, padded, scale); }

GRADIENTS(64)
GRADIENTS(128)
