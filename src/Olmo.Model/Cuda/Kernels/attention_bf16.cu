// Attention of bf16 heads of 64 or 128 columns. A block has 128 queries of one head, 32 to a warp, and goes over the keys that they see in tiles of 64: scores are products of
// tensor cores, the softmax is kept up online in fp32, and the probabilities go from accumulators to operands within the registers.

extern __shared__ unsigned char dynamic_shared[];

// Tile of keys and values from k0 on into one of two buffers, and a group of copies closed.
template <int D> __device__ __forceinline__ void load_keys(u32 keys_at, u32 values_at, const bf16* key, const bf16* value, i64 stride, int k0, int keys)
{
    load_tile<64, D, 128>(keys_at, key + k0 * stride, stride, keys - k0);
    load_tile<64, D, 128>(values_at, value + k0 * stride, stride, keys - k0);
    cp_async_commit();
}

// s = q kᵀ for 32 queries and 64 keys.
template <int D> __device__ __forceinline__ void scores(float (&s)[2][8][4], u32 q, u32 k)
{
#pragma unroll
    for (int n = 0; n < 8; n++)
#pragma unroll
        for (int i = 0; i < 4; i++) s[0][n][i] = s[1][n][i] = 0.0f;
#pragma unroll
    for (int c = 0; c < D / 16; c++)
    {
        u32 a[2][4];
        ldmatrix_x4_at(a[0], q ^ (c * 32));
        ldmatrix_x4_at(a[1], (q ^ (c * 32)) + 16 * 2 * D);
#pragma unroll
        for (int n = 0; n < 4; n++)
        {
            u32 b[4];
            ldmatrix_x4_at(b, (k ^ (c * 32)) + n * 16 * 2 * D);
            mma_pair(s[0][2 * n], s[0][2 * n + 1], a[0], b);
            mma_pair(s[1][2 * n], s[1][2 * n + 1], a[1], b);
        }
    }
}

// One row of scores becomes powers of two below its maximum so far; the row's sum and output follow a new maximum. H: 0 for the row of elements 0 and 1, 2 for that of 2 and 3.
template <int D, int H> __device__ __forceinline__ void soften(float (&s)[8][4], float (&o)[D / 8][4], float& maximum, float& sum, float scale_log2)
{
    float m = s[0][H];
#pragma unroll
    for (int n = 0; n < 8; n++) m = fmaxf(m, fmaxf(s[n][H], s[n][H + 1]));
    m = fmaxf(m, __shfl_xor_sync(0xffffffffu, m, 1));
    m = fmaxf(m, __shfl_xor_sync(0xffffffffu, m, 2));
    m = fmaxf(m, maximum);
    float shift = m == __int_as_float(0xff800000) ? 0.0f : m * scale_log2;
    float rescale = exp2_fast(__fmaf_rn(maximum, scale_log2, -shift));
    maximum = m;
    if (rescale != 1.0f)
    {
        sum *= rescale;
#pragma unroll
        for (int d = 0; d < D / 8; d++) { o[d][H] *= rescale; o[d][H + 1] *= rescale; }
    }
#pragma unroll
    for (int n = 0; n < 8; n++)
    {
        s[n][H] = exp2_fast(__fmaf_rn(s[n][H], scale_log2, -shift));
        s[n][H + 1] = exp2_fast(__fmaf_rn(s[n][H + 1], scale_log2, -shift));
        sum += s[n][H] + s[n][H + 1];
    }
}

template <int D> __device__ __forceinline__ void forward(
    const bf16* __restrict__ query, const bf16* __restrict__ key, const bf16* __restrict__ value, const int* __restrict__ starts, bf16* __restrict__ output,
    float* __restrict__ log_sum_exp, int queries, int keys, int first, int heads, int group, int window, float scale)
{
    constexpr int ROW = 2 * D;
    unsigned char* shared = dynamic_shared + bytes_before_tiles(dynamic_shared);
    u32 q_at = shared_address(shared), k_at = q_at + 128 * ROW, v_at = k_at + 2 * 64 * ROW;
    int* lows = (int*)(shared + 384 * ROW);
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    int q0 = (gridDim.x - 1 - blockIdx.x) * 128, head = blockIdx.y;
    i64 stride = (i64)heads * D, key_stride = (i64)(heads / group) * D, row0 = (i64)blockIdx.z * queries + q0;
    query += row0 * stride + head * D;
    key += (i64)blockIdx.z * keys * key_stride + (head / group) * D;
    value += (i64)blockIdx.z * keys * key_stride + (head / group) * D;
    float scale_log2 = scale * 1.4426950408889634f;

    // The first key that each row sees; rows beyond the last are taken for it and not stored.
    int own = min((int)threadIdx.x, queries - 1 - q0), low = starts ? starts[row0 + own] : 0;
    if (window > 0) low = max(low, first + q0 + own - window + 1);
    int low_min = low = max(low, 0), low_max = low;
#pragma unroll
    for (int o = 16; o > 0; o >>= 1)
    {
        low_min = min(low_min, __shfl_xor_sync(0xffffffffu, low_min, o));
        low_max = max(low_max, __shfl_xor_sync(0xffffffffu, low_max, o));
    }
    lows[threadIdx.x] = low;
    if (lane == 0) lows[128 + warp] = low_min;
    load_tile<128, D, 128>(q_at, query, stride, queries - q0);
    __syncthreads();
    int begin = min(min(lows[128], lows[129]), min(lows[130], lows[131])) & ~63, end = first + min(q0 + 128, queries);
    int position = first + q0 + warp * 32, last = min(position + 31, first + queries - 1);
    load_keys<D>(k_at, v_at, key, value, key_stride, begin, keys);

    float o[2][D / 8][4], maximum[2][2], sum[2][2];
#pragma unroll
    for (int m = 0; m < 2; m++)
    {
        maximum[m][0] = maximum[m][1] = __int_as_float(0xff800000);
        sum[m][0] = sum[m][1] = 0.0f;
#pragma unroll
        for (int d = 0; d < D / 8; d++)
#pragma unroll
            for (int i = 0; i < 4; i++) o[m][d][i] = 0.0f;
    }
    u32 q = lane_rows<D>(q_at + warp * 32 * ROW), buffer = 0;
    for (int k0 = begin; k0 < end; k0 += 64, buffer ^= 64 * ROW)
    {
        cp_async_wait<0>();
        __syncthreads();
        if (k0 + 64 < end) load_keys<D>(k_at + (buffer ^ 64 * ROW), v_at + (buffer ^ 64 * ROW), key, value, key_stride, k0 + 64, keys);
        if (k0 > last || k0 + 63 < low_min || position >= first + queries) continue;

        float s[2][8][4];
        scores<D>(s, q, lane_columns<D>(k_at + buffer));
        if (k0 + 63 > position || k0 < low_max)
        {
#pragma unroll
            for (int m = 0; m < 2; m++)
#pragma unroll
                for (int i = 0; i < 4; i++)
                {
                    int row = m * 16 + (i >> 1) * 8 + (lane >> 2), from = lows[warp * 32 + row];
#pragma unroll
                    for (int n = 0; n < 8; n++)
                    {
                        int k = k0 + n * 8 + (lane & 3) * 2 + (i & 1);
                        if (k > position + row || k < from) s[m][n][i] = __int_as_float(0xff800000);
                    }
                }
        }
#pragma unroll
        for (int m = 0; m < 2; m++)
        {
            soften<D, 0>(s[m], o[m], maximum[m][0], sum[m][0], scale_log2);
            soften<D, 2>(s[m], o[m], maximum[m][1], sum[m][1], scale_log2);
        }

        u32 v = lane_rows<D>(v_at + buffer);
#pragma unroll
        for (int n = 0; n < 4; n++)
        {
            u32 p[2][4];
            pack_operand(p[0], s[0][2 * n], s[0][2 * n + 1]);
            pack_operand(p[1], s[1][2 * n], s[1][2 * n + 1]);
#pragma unroll
            for (int d = 0; d < D / 16; d++)
            {
                u32 b[4];
                ldmatrix_x4_trans_at(b, (v ^ (d * 32)) + n * 16 * ROW);
                mma_pair(o[0][2 * d], o[0][2 * d + 1], p[0], b);
                mma_pair(o[1][2 * d], o[1][2 * d + 1], p[1], b);
            }
        }
    }

    // The warp's queries are done with: its outputs go where they were, and from there to rows in pieces of 16 bytes.
    unsigned char* outputs = shared + warp * 32 * ROW;
    __syncwarp();
#pragma unroll
    for (int m = 0; m < 2; m++)
#pragma unroll
        for (int h = 0; h < 2; h++)
        {
            float l = sum[m][h];
            l += __shfl_xor_sync(0xffffffffu, l, 1);
            l += __shfl_xor_sync(0xffffffffu, l, 2);
            float inverse = 1.0f / l;
            int row = m * 16 + h * 8 + (lane >> 2), i = q0 + warp * 32 + row;
            if (log_sum_exp && (lane & 3) == 0 && i < queries) log_sum_exp[((i64)blockIdx.z * queries + i) * heads + head] = maximum[m][h] * scale + logf(l);
#pragma unroll
            for (int d = 0; d < D / 8; d++) set_pair<D>(outputs, row, d * 8 + (lane & 3) * 2, o[m][d][2 * h] * inverse, o[m][d][2 * h + 1] * inverse);
        }
    __syncwarp();
    store_tile<32, D, 32>(outputs, output + (row0 + warp * 32) * stride + head * D, stride, queries - q0 - warp * 32, lane);
}

#define FORWARD(D) \
    extern "C" __global__ void __launch_bounds__(128, 2) forward_##D##_bf16( \
        const bf16* query, const bf16* key, const bf16* value, const int* starts, bf16* output, float* log_sum_exp, int queries, int keys, int first, int heads, int group, int window, float scale) \
    { forward<D>(query, key, value, starts, output, log_sum_exp, queries, keys, first, heads, group, window, scale); }

FORWARD(64)
FORWARD(128)
