// Gradients of attention in fp32 arithmetic, of any head width up to 256 and of either type: a kernel for those of keys and values, one for those of queries. 64 rows of what they
// are of to a block of 16 x 16 threads, the other rows in tiles of 32; probabilities are computed anew. N: as in the forward pass.

extern __shared__ unsigned char dynamic_shared[];

// ROWS rows of a matrix as fp32, zeros from row `rows` on.
template <int ROWS, class T> __device__ __forceinline__ void load_rows(float* to, int pitch, const T* from, i64 stride, int rows, int width)
{
    for (int r = threadIdx.x >> 4; r < ROWS; r += 16)
        for (int c = threadIdx.x & 15; c < width; c += 16) to[r * pitch + c] = r < rows ? to_float(from[r * stride + c]) : 0.0f;
}

// First key that a row of a sequence sees.
__device__ __forceinline__ int first_key(const int* starts, int row, int window)
{
    int low = starts ? starts[row] : 0;
    if (window > 0) low = max(low, row - window + 1);
    return max(low, 0);
}

// delta [rows, heads] = output · its gradient; a warp to a row of a head.
template <class T> __device__ __forceinline__ void row_deltas(const T* __restrict__ output, const T* __restrict__ gradient, float* __restrict__ delta, i64 count, int width)
{
    i64 item = (i64)blockIdx.x * 8 + (threadIdx.x >> 5);
    if (item >= count) return;
    float sum = 0.0f;
    for (int c = threadIdx.x & 31; c < width; c += 32) sum = __fmaf_rn(to_float(output[item * width + c]), to_float(gradient[item * width + c]), sum);
    sum = warp_sum(sum);
    if ((threadIdx.x & 31) == 0) delta[item] = sum;
}

// Products of 4 rows of a, from y * 4 on, with the rows x and x + 16 of b.
__device__ __forceinline__ void products(float (&s)[4][2], const float* a, const float* b, int pitch, int width)
{
    int x = threadIdx.x & 15, y = threadIdx.x >> 4;
#pragma unroll
    for (int i = 0; i < 4; i++) s[i][0] = s[i][1] = 0.0f;
    for (int c = 0; c < width; c++)
    {
        float left = b[x * pitch + c], right = b[(x + 16) * pitch + c];
#pragma unroll
        for (int i = 0; i < 4; i++)
        {
            float e = a[(y * 4 + i) * pitch + c];
            s[i][0] = __fmaf_rn(e, left, s[i][0]);
            s[i][1] = __fmaf_rn(e, right, s[i][1]);
        }
    }
}

// sums += s b: 4 rows of s [64, 33], the 32 rows of b.
template <int N> __device__ __forceinline__ void accumulate(float (&sums)[4][N], const float* s, const float* b, int pitch, int width)
{
    int x = threadIdx.x & 15, y = threadIdx.x >> 4;
    for (int j = 0; j < 32; j++)
    {
        float a[4];
#pragma unroll
        for (int i = 0; i < 4; i++) a[i] = s[(y * 4 + i) * 33 + j];
#pragma unroll
        for (int d = 0; d < N; d++)
            if (x + 16 * d < width)
            {
                float e = b[j * pitch + x + 16 * d];
#pragma unroll
                for (int i = 0; i < 4; i++) sums[i][d] = __fmaf_rn(a[i], e, sums[i][d]);
            }
    }
}

template <class T, int N> __device__ __forceinline__ void store(const float (&sums)[4][N], T* to, i64 stride, int rows, int width, float factor)
{
    int x = threadIdx.x & 15, y = threadIdx.x >> 4;
#pragma unroll
    for (int i = 0; i < 4; i++)
#pragma unroll
        for (int d = 0; d < N; d++)
            if (y * 4 + i < rows && x + 16 * d < width) to[(y * 4 + i) * stride + x + 16 * d] = from_float<T>(sums[i][d] * factor);
}

template <class T, int N> __device__ __forceinline__ void key_gradients(
    const T* __restrict__ query, const T* __restrict__ key, const T* __restrict__ value, const T* __restrict__ gradient, const float* __restrict__ log_sum_exp,
    const float* __restrict__ delta, const int* __restrict__ starts, T* __restrict__ key_gradient, T* __restrict__ value_gradient,
    int queries, int heads, int group, int width, int window, float scale)
{
    int pitch = width | 1, x = threadIdx.x & 15, y = threadIdx.x >> 4;
    float* k = (float*)dynamic_shared;
    float *v = k + 64 * pitch, *q = v + 64 * pitch, *g = q + 32 * pitch, *p = g + 32 * pitch, *ds = p + 64 * 33;
    int k0 = blockIdx.x * 64;
    i64 stride = (i64)heads * width, key_stride = (i64)(heads / group) * width, row0 = (i64)blockIdx.z * queries;
    i64 offset = (row0 + k0) * key_stride + blockIdx.y * width;
    if (starts) starts += row0;
    load_rows<64>(k, pitch, key + offset, key_stride, queries - k0, width);
    load_rows<64>(v, pitch, value + offset, key_stride, queries - k0, width);
    int end = window > 0 && window < queries - k0 - 63 ? k0 + 63 + window : queries;
    float dk[4][N] = {}, dv[4][N] = {};
    for (int head = blockIdx.y * group; head < ((int)blockIdx.y + 1) * group; head++)
        for (int q0 = k0; q0 < end; q0 += 32)
        {
            // Each warp asks for itself whether the tile sees any of the keys.
            int low = first_key(starts, min(q0 + ((int)threadIdx.x & 31), queries - 1), window);
            for (int o = 16; o > 0; o >>= 1) low = min(low, __shfl_xor_sync(0xffffffffu, low, o));
            if (low > k0 + 63) continue;
            __syncthreads();
            load_rows<32>(q, pitch, query + (row0 + q0) * stride + head * width, stride, queries - q0, width);
            load_rows<32>(g, pitch, gradient + (row0 + q0) * stride + head * width, stride, queries - q0, width);
            __syncthreads();
            float s[4][2], dp[4][2];
            products(s, k, q, pitch, width);
            products(dp, v, g, pitch, width);
#pragma unroll
            for (int j = 0; j < 2; j++)
            {
                int row = q0 + x + 16 * j, from = first_key(starts, min(row, queries - 1), window);
                i64 at = (row0 + min(row, queries - 1)) * heads + head;
                float l = log_sum_exp[at], shift = delta[at];
#pragma unroll
                for (int i = 0; i < 4; i++)
                {
                    int seen = k0 + y * 4 + i;
                    float e = row < queries && seen <= row && seen >= from ? expf(s[i][j] * scale - l) : 0.0f;
                    p[(y * 4 + i) * 33 + x + 16 * j] = e;
                    ds[(y * 4 + i) * 33 + x + 16 * j] = e * (dp[i][j] - shift);
                }
            }
            __syncwarp();
            accumulate(dv, p, g, pitch, width);
            accumulate(dk, ds, q, pitch, width);
        }
    store(dk, key_gradient + offset, key_stride, queries - k0, width, scale);
    store(dv, value_gradient + offset, key_stride, queries - k0, width, 1.0f);
}

template <class T, int N> __device__ __forceinline__ void query_gradients(
    const T* __restrict__ query, const T* __restrict__ key, const T* __restrict__ value, const T* __restrict__ gradient, const float* __restrict__ log_sum_exp,
    const float* __restrict__ delta, const int* __restrict__ starts, T* __restrict__ query_gradient, int queries, int heads, int group, int width, int window, float scale)
{
    int pitch = width | 1, x = threadIdx.x & 15, y = threadIdx.x >> 4;
    float* q = (float*)dynamic_shared;
    float *g = q + 64 * pitch, *k = g + 64 * pitch, *v = k + 32 * pitch, *ds = v + 32 * pitch;
    int q0 = (gridDim.x - 1 - blockIdx.x) * 64, head = blockIdx.y;
    i64 stride = (i64)heads * width, key_stride = (i64)(heads / group) * width, row0 = (i64)blockIdx.z * queries;
    i64 offset = (row0 + q0) * stride + head * width;
    key += row0 * key_stride + (head / group) * width;
    value += row0 * key_stride + (head / group) * width;
    if (starts) starts += row0;
    load_rows<64>(q, pitch, query + offset, stride, queries - q0, width);
    load_rows<64>(g, pitch, gradient + offset, stride, queries - q0, width);
    int begin = 0x7fffffff, end = min(q0 + 64, queries);
    for (int row = q0 + (threadIdx.x & 31); row < end; row += 32) begin = min(begin, first_key(starts, row, window));
    for (int o = 16; o > 0; o >>= 1) begin = min(begin, __shfl_xor_sync(0xffffffffu, begin, o));
    int from[4];
    float l[4], shift[4], dq[4][N] = {};
#pragma unroll
    for (int i = 0; i < 4; i++)
    {
        int row = min(q0 + y * 4 + i, queries - 1);
        from[i] = first_key(starts, row, window);
        l[i] = log_sum_exp[(row0 + row) * heads + head];
        shift[i] = delta[(row0 + row) * heads + head];
    }
    for (int k0 = begin & ~31; k0 < end; k0 += 32)
    {
        __syncthreads();
        load_rows<32>(k, pitch, key + k0 * key_stride, key_stride, queries - k0, width);
        load_rows<32>(v, pitch, value + k0 * key_stride, key_stride, queries - k0, width);
        __syncthreads();
        float s[4][2], dp[4][2];
        products(s, q, k, pitch, width);
        products(dp, g, v, pitch, width);
#pragma unroll
        for (int i = 0; i < 4; i++)
#pragma unroll
            for (int j = 0; j < 2; j++)
            {
                int seen = k0 + x + 16 * j;
                bool sees = seen <= q0 + y * 4 + i && seen >= from[i] && seen < queries;
                ds[(y * 4 + i) * 33 + x + 16 * j] = sees ? expf(s[i][j] * scale - l[i]) * (dp[i][j] - shift[i]) : 0.0f;
            }
        __syncwarp();
        accumulate(dq, ds, k, pitch, width);
    }
    store(dq, query_gradient + offset, stride, queries - q0, width, scale);
}

#define DELTAS(type, T) \
    extern "C" __global__ void __launch_bounds__(256) row_deltas_##type(const T* output, const T* gradient, float* delta, i64 count, int width) \
    { row_deltas(output, gradient, delta, count, width); }

#define GRADIENTS(name, T, N) \
    extern "C" __global__ void __launch_bounds__(256) key_gradients_##name( \
        const T* query, const T* key, const T* value, const T* gradient, const float* log_sum_exp, const float* delta, const int* starts, T* key_gradient, T* value_gradient, \
        int queries, int heads, int group, int width, int window, float scale) \
    { key_gradients<T, N>(query, key, value, gradient, log_sum_exp, delta, starts, key_gradient, value_gradient, queries, heads, group, width, window, scale); } \
    extern "C" __global__ void __launch_bounds__(256) query_gradients_##name( \
        const T* query, const T* key, const T* value, const T* gradient, const float* log_sum_exp, const float* delta, const int* starts, T* query_gradient, \
        int queries, int heads, int group, int width, int window, float scale) \
    { query_gradients<T, N>(query, key, value, gradient, log_sum_exp, delta, starts, query_gradient, queries, heads, group, width, window, scale); }

DELTAS(f32, float)
DELTAS(bf16, bf16)
GRADIENTS(128_f32, float, 8)
GRADIENTS(256_f32, float, 16)
GRADIENTS(128_bf16, bf16, 8)
GRADIENTS(256_bf16, bf16, 16)
