// Attention of single new rows over caches of keys and values [slots, capacity, KV heads, width]. The keys of a row are cut at multiples of 256 positions; a block takes one piece for
// some query heads of one KV head, so that they share what they read, and several warps of a head take keys by turns; sums are put together in order of the warps, then of the pieces.

extern __shared__ unsigned char dynamic_shared[];

constexpr int PIECE = 256;

// A new row: its number in the pass, the slot and the position that it goes to.
struct cache_row { int row, slot, position, unused; };

// Keys and values of new rows into their caches; a block to a row.
template <class T, class TC> __device__ __forceinline__ void append(
    const cache_row* __restrict__ rows, const T* __restrict__ key, const T* __restrict__ value, TC* __restrict__ key_cache, TC* __restrict__ value_cache, int capacity, int columns)
{
    cache_row r = rows[blockIdx.x];
    i64 from = (i64)r.row * columns, to = ((i64)r.slot * capacity + r.position) * columns;
    for (int c = threadIdx.x; c < columns; c += blockDim.x)
    {
        key_cache[to + c] = from_float<TC>(to_float(key[from + c]));
        value_cache[to + c] = from_float<TC>(to_float(value[from + c]));
    }
}

// N: a lane's columns, 32 apart. partial [pieces, rows, heads, width + 2]: the output before division, then the maximum of the scores and the sum of their exponentials.
template <class T, class TC, int N> __device__ __forceinline__ void attend(
    const cache_row* __restrict__ rows, const T* __restrict__ query, const TC* __restrict__ key_cache, const TC* __restrict__ value_cache, float* __restrict__ partial,
    int capacity, int heads, int group, int heads_of_block, int width, int window, int first_piece, float scale)
{
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, turns = blockDim.x / (32 * heads_of_block), turn = warp / heads_of_block;
    int blocks = heads / heads_of_block, index = blockIdx.x / blocks, head = blockIdx.x % blocks * heads_of_block + warp % heads_of_block;
    cache_row r = rows[index];
    int low = window > 0 ? max(r.position - window + 1, 0) : 0, piece = (first_piece + blockIdx.y) * PIECE;
    int begin = max(low, piece), end = min(r.position + 1, piece + PIECE);
    if (begin >= end) return;
    i64 stride = (i64)(heads / group) * width, slot = (i64)r.slot * capacity * stride + head / group * width;
    const T* q = query + ((i64)r.row * heads + head) * width;
    float qs[N], o[N], maximum = __int_as_float(0xff800000), sum = 0.0f;
#pragma unroll
    for (int d = 0; d < N; d++)
    {
        qs[d] = lane + 32 * d < width ? to_float(q[lane + 32 * d]) * scale : 0.0f;
        o[d] = 0.0f;
    }

    // Four keys at a time, from multiples of four on.
    for (int k0 = piece + turn * 4; k0 < end; k0 += turns * 4)
    {
        if (k0 + 3 < begin) continue;
        float k[4][N], v[4][N], s[4];
#pragma unroll
        for (int j = 0; j < 4; j++)
        {
            i64 at = slot + (i64)min(max(k0 + j, begin), end - 1) * stride;
#pragma unroll
            for (int d = 0; d < N; d++)
            {
                bool wanted = lane + 32 * d < width;
                k[j][d] = wanted ? to_float(key_cache[at + lane + 32 * d]) : 0.0f;
                v[j][d] = wanted ? to_float(value_cache[at + lane + 32 * d]) : 0.0f;
            }
        }
        float m = maximum;
#pragma unroll
        for (int j = 0; j < 4; j++)
        {
            s[j] = 0.0f;
#pragma unroll
            for (int d = 0; d < N; d++) s[j] = __fmaf_rn(qs[d], k[j][d], s[j]);
            s[j] = warp_sum(s[j]);
            if (k0 + j < begin || k0 + j >= end) s[j] = __int_as_float(0xff800000);
            m = fmaxf(m, s[j]);
        }
        float rescale = expf(maximum - m);
        maximum = m;
        sum *= rescale;
#pragma unroll
        for (int d = 0; d < N; d++) o[d] *= rescale;
#pragma unroll
        for (int j = 0; j < 4; j++)
        {
            float p = expf(s[j] - m);
            sum += p;
#pragma unroll
            for (int d = 0; d < N; d++) o[d] = __fmaf_rn(p, v[j][d], o[d]);
        }
    }

    // A warp that had no key has maximum -inf and sums of 0.
    float* shared = (float*)dynamic_shared;
    float* own = shared + warp * (width + 2);
#pragma unroll
    for (int d = 0; d < N; d++)
        if (lane + 32 * d < width) own[lane + 32 * d] = o[d];
    if (lane == 0) { own[width] = maximum; own[width + 1] = sum; }
    __syncthreads();
    if (turn > 0) return;
    float m = maximum;
    for (int t = 1; t < turns; t++) m = fmaxf(m, shared[(t * heads_of_block + warp) * (width + 2) + width]);
    float* to = partial + (((i64)blockIdx.y * (gridDim.x / blocks) + index) * heads + head) * (width + 2);
    for (int c = lane; c < width + 2; c += 32)
    {
        float x = 0.0f;
        for (int t = 0; t < turns; t++)
        {
            const float* other = shared + (t * heads_of_block + warp) * (width + 2);
            if (c != width) x = __fmaf_rn(other[c], expf(other[width] - m), x);
        }
        to[c] = c == width ? m : x;
    }
}

// The pieces of a row of a head together; a warp to each.
template <class T> __device__ __forceinline__ void combine(
    const cache_row* __restrict__ rows, const float* __restrict__ partial, T* __restrict__ output, int count, int heads, int width, int window, int first_piece)
{
    int item = blockIdx.x * 8 + (threadIdx.x >> 5), index = item / heads, head = item % heads;
    if (index >= count) return;
    cache_row r = rows[index];
    int begin = (window > 0 ? max(r.position - window + 1, 0) : 0) / PIECE - first_piece, end = r.position / PIECE - first_piece + 1;
    i64 step = (i64)count * heads * (width + 2);
    partial += ((i64)index * heads + head) * (width + 2);
    float m = __int_as_float(0xff800000), sum = 0.0f;
    for (int i = begin; i < end; i++) m = fmaxf(m, partial[i * step + width]);
    for (int i = begin; i < end; i++) sum = __fmaf_rn(partial[i * step + width + 1], expf(partial[i * step + width] - m), sum);
    float inverse = 1.0f / sum;
    for (int c = threadIdx.x & 31; c < width; c += 32)
    {
        float x = 0.0f;
        for (int i = begin; i < end; i++) x = __fmaf_rn(partial[i * step + c], expf(partial[i * step + width] - m), x);
        output[((i64)r.row * heads + head) * width + c] = from_float<T>(x * inverse);
    }
}

// types: that of the new rows, then that of the caches.
#define CACHED(types, T, TC) \
    extern "C" __global__ void __launch_bounds__(256) append_##types( \
        const cache_row* rows, const T* key, const T* value, TC* key_cache, TC* value_cache, int capacity, int columns) \
    { append<T, TC>(rows, key, value, key_cache, value_cache, capacity, columns); } \
    ATTEND(128_##types, T, TC, 4) \
    ATTEND(256_##types, T, TC, 8)

#define ATTEND(name, T, TC, N) \
    extern "C" __global__ void __launch_bounds__(512) attend_##name( \
        const cache_row* rows, const T* query, const TC* key_cache, const TC* value_cache, float* partial, \
        int capacity, int heads, int group, int heads_of_block, int width, int window, int first_piece, float scale) \
    { attend<T, TC, N>(rows, query, key_cache, value_cache, partial, capacity, heads, group, heads_of_block, width, window, first_piece, scale); }

#define COMBINE(type, T) \
    extern "C" __global__ void __launch_bounds__(256) combine_##type( \
        const cache_row* rows, const float* partial, T* output, int count, int heads, int width, int window, int first_piece) \
    { combine<T>(rows, partial, output, count, heads, width, window, first_piece); }

CACHED(f32_f32, float, float)
CACHED(f32_bf16, float, bf16)
CACHED(bf16_f32, bf16, float)
CACHED(bf16_bf16, bf16, bf16)
COMBINE(f32, float)
COMBINE(bf16, bf16)
