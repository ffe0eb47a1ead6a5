// Attention in fp32 arithmetic, of any head width up to 256 and of either type: 64 queries of one head to a block of 16 x 16 threads, keys in tiles of 32, softmax kept up online.
// N: a thread's columns of a row, 16 apart: 8 for widths up to 128, 16 up to 256.

extern __shared__ unsigned char dynamic_shared[];

// ROWS rows of a matrix as fp32, zeros from row `rows` on.
template <int ROWS, class T> __device__ __forceinline__ void load_rows(float* to, int pitch, const T* from, i64 stride, int rows, int width)
{
    for (int r = threadIdx.x >> 4; r < ROWS; r += 16)
        for (int c = threadIdx.x & 15; c < width; c += 16) to[r * pitch + c] = r < rows ? to_float(from[r * stride + c]) : 0.0f;
}

template <class TQ, class TK, int N> __device__ __forceinline__ void forward(
    const TQ* __restrict__ query, const TK* __restrict__ key, const TK* __restrict__ value, const int* __restrict__ starts, TQ* __restrict__ output, float* __restrict__ log_sum_exp,
    int queries, int keys, int first, int heads, int group, int width, int window, float scale)
{
    int pitch = width | 1, x = threadIdx.x & 15, y = threadIdx.x >> 4;
    float* q = (float*)dynamic_shared;
    float *k = q + 64 * pitch, *v = k + 32 * pitch, *p = v + 32 * pitch;
    int* lows = (int*)(p + 64 * 33);
    int q0 = (gridDim.x - 1 - blockIdx.x) * 64, head = blockIdx.y;
    i64 stride = (i64)heads * width, key_stride = (i64)(heads / group) * width, row0 = (i64)blockIdx.z * queries + q0;
    key += (i64)blockIdx.z * keys * key_stride + (head / group) * width;
    value += (i64)blockIdx.z * keys * key_stride + (head / group) * width;
    load_rows<64>(q, pitch, query + row0 * stride + head * width, stride, queries - q0, width);
    if (threadIdx.x < 64)
    {
        int own = min((int)threadIdx.x, queries - 1 - q0), low = starts ? starts[row0 + own] : 0;
        if (window > 0) low = max(low, first + q0 + own - window + 1);
        lows[threadIdx.x] = max(low, 0);
    }
    __syncthreads();
    int begin = lows[0], end = first + min(q0 + 64, queries);
    for (int i = 1; i < 64; i++) begin = min(begin, lows[i]);
    begin &= ~31;

    float o[4][N], maximum[4], sum[4];
    int from[4];
#pragma unroll
    for (int i = 0; i < 4; i++)
    {
        maximum[i] = __int_as_float(0xff800000);
        sum[i] = 0.0f;
        from[i] = lows[y * 4 + i];
#pragma unroll
        for (int d = 0; d < N; d++) o[i][d] = 0.0f;
    }
    for (int k0 = begin; k0 < end; k0 += 32)
    {
        __syncthreads();
        load_rows<32>(k, pitch, key + k0 * key_stride, key_stride, keys - k0, width);
        load_rows<32>(v, pitch, value + k0 * key_stride, key_stride, keys - k0, width);
        __syncthreads();
        float s[4][2] = {};
        for (int c = 0; c < width; c++)
        {
            float left = k[x * pitch + c], right = k[(x + 16) * pitch + c];
#pragma unroll
            for (int i = 0; i < 4; i++)
            {
                float a = q[(y * 4 + i) * pitch + c];
                s[i][0] = __fmaf_rn(a, left, s[i][0]);
                s[i][1] = __fmaf_rn(a, right, s[i][1]);
            }
        }
#pragma unroll
        for (int i = 0; i < 4; i++)
        {
            float m = maximum[i];
#pragma unroll
            for (int j = 0; j < 2; j++)
            {
                int at = k0 + x + 16 * j;
                s[i][j] = at > first + q0 + y * 4 + i || at < from[i] ? __int_as_float(0xff800000) : s[i][j] * scale;
                m = fmaxf(m, s[i][j]);
            }
#pragma unroll
            for (int l = 8; l > 0; l >>= 1) m = fmaxf(m, __shfl_xor_sync(0xffffffffu, m, l));
            float shift = m == __int_as_float(0xff800000) ? 0.0f : m, rescale = expf(maximum[i] - shift);
            maximum[i] = m;
            s[i][0] = expf(s[i][0] - shift);
            s[i][1] = expf(s[i][1] - shift);
            p[(y * 4 + i) * 33 + x] = s[i][0];
            p[(y * 4 + i) * 33 + x + 16] = s[i][1];
            float l = s[i][0] + s[i][1];
#pragma unroll
            for (int j = 8; j > 0; j >>= 1) l += __shfl_xor_sync(0xffffffffu, l, j);
            sum[i] = __fmaf_rn(sum[i], rescale, l);
#pragma unroll
            for (int d = 0; d < N; d++) o[i][d] *= rescale;
        }
        __syncwarp();
        for (int j = 0; j < 32; j++)
        {
            float a[4];
#pragma unroll
            for (int i = 0; i < 4; i++) a[i] = p[(y * 4 + i) * 33 + j];
#pragma unroll
            for (int d = 0; d < N; d++)
                if (x + 16 * d < width)
                {
                    float b = v[j * pitch + x + 16 * d];
#pragma unroll
                    for (int i = 0; i < 4; i++) o[i][d] = __fmaf_rn(a[i], b, o[i][d]);
                }
        }
    }
#pragma unroll
    for (int i = 0; i < 4; i++)
    {
        int row = y * 4 + i;
        if (q0 + row >= queries) continue;
        float inverse = 1.0f / sum[i];
        if (log_sum_exp && x == 0) log_sum_exp[(row0 + row) * heads + head] = maximum[i] + logf(sum[i]);
#pragma unroll
        for (int d = 0; d < N; d++)
            if (x + 16 * d < width) output[(row0 + row) * stride + head * width + x + 16 * d] = from_float<TQ>(o[i][d] * inverse);
    }
}

// name: width, type of queries, and type of keys where it is another (those of a cache).
#define FORWARD(name, TQ, TK, N) \
    extern "C" __global__ void __launch_bounds__(256) forward_##name( \
        const TQ* query, const TK* key, const TK* value, const int* starts, TQ* output, float* log_sum_exp, \
        int queries, int keys, int first, int heads, int group, int width, int window, float scale) \
    { forward<TQ, TK, N>(query, key, value, starts, output, log_sum_exp, queries, keys, first, heads, group, width, window, scale); }

FORWARD(128_f32, float, float, 8)
FORWARD(256_f32, float, float, 16)
FORWARD(128_bf16, bf16, bf16, 8)
FORWARD(256_bf16, bf16, bf16, 16)
FORWARD(128_bf16_f32, bf16, float, 8)
FORWARD(256_bf16_f32, bf16, float, 16)
FORWARD(128_f32_bf16, float, bf16, 8)
FORWARD(256_f32_bf16, float, bf16, 16)
