// Norms over rows. A block has 256 threads, and each of them the same columns of every row it works on: 8 from (256 k + thread) 8 on, for each k.

struct Columns
{
    int count;
    bool whole; // rows are multiples of 8 and 16-byte loads fit
};

__device__ __forceinline__ Columns columns_of(int count) { Columns c; c.count = count; c.whole = (count & 7) == 0; return c; }

template <class T> __device__ __forceinline__ void load_at(const T* row, int c, Columns columns, float (&x)[8])
{
    if (columns.whole)
    {
        load8(row + c, x);
        return;
    }

    #pragma unroll
    for (int i = 0; i < 8; i++) x[i] = c + i < columns.count ? to_float(row[c + i]) : 0.0f;
}

template <class T> __device__ __forceinline__ void store_at(T* row, int c, Columns columns, const float (&x)[8])
{
    if (columns.whole)
    {
        store8(row + c, x);
        return;
    }

    #pragma unroll
    for (int i = 0; i < 8; i++)
        if (c + i < columns.count) row[c + i] = from_float<T>(x[i]);
}

// y = (residual +) w x rstd, rstd = (mean x^2 + epsilon)^-1/2. One block a row. y may be x or the residual.
template <class T> __device__ __forceinline__ void rms_norm(const T* x, const float* weight, const T* residual, T* y, float* rstd, int count, float epsilon)
{
    __shared__ float scratch[33];
    Columns columns = columns_of(count);
    long long row = blockIdx.x;
    const T* from = x + row * count;
    T* to = y + row * count;
    float sum = 0.0f;
    for (int c = threadIdx.x * 8; c < count; c += 2048)
    {
        float v[8];
        load_at(from, c, columns, v);
        #pragma unroll
        for (int i = 0; i < 8; i++) sum = __fmaf_rn(v[i], v[i], sum);
    }

    float r = 1.0f / sqrtf(block_sum(sum, scratch) / (float)count + epsilon);
    for (int c = threadIdx.x * 8; c < count; c += 2048)
    {
        float v[8], w[8];
        load_at(from, c, columns, v);
        load_at(weight, c, columns, w);
        #pragma unroll
        for (int i = 0; i < 8; i++) v[i] = w[i] * (v[i] * r);
        if (residual)
        {
            load_at(residual + row * count, c, columns, w);
            #pragma unroll
            for (int i = 0; i < 8; i++) v[i] = __fadd_rn(w[i], v[i]);
        }

        store_at(to, c, columns, v);
    }

    if (threadIdx.x == 0 && rstd) rstd[row] = r;
}

// With n = x rstd, g = dy w: dx = rstd (g - n mean(g n)); and the block's part of dw = sum dy n, over its rows in order.
// A block works on rows_each rows; K = ceil(columns / 2048).
template <class T, int K>
__device__ __forceinline__ void rms_norm_gradient(
    const T* dy, const T* x, const float* weight, const float* rstd, T* dx, float* partial, int count, int rows, int rows_each)
{
    __shared__ float scratch[33];
    Columns columns = columns_of(count);
    float dw[K][8];
    #pragma unroll
    for (int k = 0; k < K; k++)
        #pragma unroll
        for (int i = 0; i < 8; i++) dw[k][i] = 0.0f;
    int first = blockIdx.x * rows_each, last = min(first + rows_each, rows);
    for (int row = first; row < last; row++)
    {
        const T* up = dy + (long long)row * count;
        const T* in = x + (long long)row * count;
        float r = rstd[row], sum = 0.0f;
        #pragma unroll
        for (int k = 0; k < K; k++)
        {
            int c = (k * 256 + threadIdx.x) * 8;
            if (c < count)
            {
                float g[8], n[8], w[8];
                load_at(up, c, columns, g);
                load_at(in, c, columns, n);
                load_at(weight, c, columns, w);
                #pragma unroll
                for (int i = 0; i < 8; i++)
                {
                    float norm = n[i] * r;
                    dw[k][i] = __fmaf_rn(g[i], norm, dw[k][i]);
                    sum = __fmaf_rn(g[i] * w[i], norm, sum);
                }
            }
        }

        float mean = block_sum(sum, scratch) / (float)count;
        T* out = dx + (long long)row * count;
        #pragma unroll
        for (int k = 0; k < K; k++)
        {
            int c = (k * 256 + threadIdx.x) * 8;
            if (c < count)
            {
                float g[8], n[8], w[8];
                load_at(up, c, columns, g);
                load_at(in, c, columns, n);
                load_at(weight, c, columns, w);
                #pragma unroll
                for (int i = 0; i < 8; i++) g[i] = r * (g[i] * w[i] - n[i] * r * mean);
                store_at(out, c, columns, g);
            }
        }
    }

    float* to = partial + (long long)blockIdx.x * count;
    #pragma unroll
    for (int k = 0; k < K; k++)
    {
        int c = (k * 256 + threadIdx.x) * 8;
        if (c < count) store_at(to, c, columns, dw[k]);
    }
}

// total[c] (+)= sum of parts [parts, count] over the parts: eight strided chains a column, folded in order. 32 columns a block of 256 threads.
extern "C" __global__ void __launch_bounds__(256) sum_parts(const float* parts, float* total, int n, int count, int accumulate)
{
    __shared__ float chains[8][33];
    int lane = threadIdx.x & 31, slice = threadIdx.x >> 5;
    int c = blockIdx.x * 32 + lane;
    float sum = 0.0f;
    if (c < count)
        for (int p = slice; p < n; p += 8) sum += parts[(long long)p * count + c];
    chains[slice][lane] = sum;
    __syncthreads();
    if (slice == 0 && c < count)
    {
        float all = accumulate ? total[c] : 0.0f;
        for (int s = 0; s < 8; s++) all += chains[s][lane];
        total[c] = all;
    }
}

// y = (x - mean) rstd. One block a row.
template <class T> __device__ __forceinline__ void layer_norm(const T* x, T* y, float* means, float* rstd, int count, float epsilon)
{
    __shared__ float scratch[33];
    Columns columns = columns_of(count);
    long long row = blockIdx.x;
    const T* from = x + row * count;
    T* to = y + row * count;
    float sum = 0.0f;
    for (int c = threadIdx.x * 8; c < count; c += 2048)
    {
        float v[8];
        load_at(from, c, columns, v);
        #pragma unroll
        for (int i = 0; i < 8; i++) sum += v[i];
    }

    float mean = block_sum(sum, scratch) / (float)count;
    sum = 0.0f;
    for (int c = threadIdx.x * 8; c < count; c += 2048)
    {
        float v[8];
        load_at(from, c, columns, v);
        #pragma unroll
        for (int i = 0; i < 8; i++)
            if (c + i < count) sum = __fmaf_rn(v[i] - mean, v[i] - mean, sum);
    }

    float r = 1.0f / sqrtf(block_sum(sum, scratch) / (float)count + epsilon);
    for (int c = threadIdx.x * 8; c < count; c += 2048)
    {
        float v[8];
        load_at(from, c, columns, v);
        #pragma unroll
        for (int i = 0; i < 8; i++) v[i] = (v[i] - mean) * r;
        store_at(to, c, columns, v);
    }

    if (threadIdx.x == 0 && rstd) { rstd[row] = r; means[row] = mean; }
}

// With n = (x - mean) rstd: dx = rstd (dy - mean(dy) - n mean(dy n)). One block a row.
template <class T> __device__ __forceinline__ void layer_norm_gradient(const T* dy, const T* x, const float* means, const float* rstd, T* dx, int count)
{
    __shared__ float scratch[33];
    Columns columns = columns_of(count);
    long long row = blockIdx.x;
    const T* up = dy + row * count;
    const T* in = x + row * count;
    T* out = dx + row * count;
    float r = rstd[row], m = means[row], sum = 0.0f, product = 0.0f;
    for (int c = threadIdx.x * 8; c < count; c += 2048)
    {
        float g[8], v[8];
        load_at(up, c, columns, g);
        load_at(in, c, columns, v);
        #pragma unroll
        for (int i = 0; i < 8; i++)
        {
            sum += g[i];
            product = __fmaf_rn(g[i], (v[i] - m) * r, product);
        }
    }

    float mean = block_sum(sum, scratch) / (float)count;
    float slope = block_sum(product, scratch) / (float)count;
    for (int c = threadIdx.x * 8; c < count; c += 2048)
    {
        float g[8], v[8];
        load_at(up, c, columns, g);
        load_at(in, c, columns, v);
        #pragma unroll
        for (int i = 0; i < 8; i++) g[i] = r * (g[i] - mean - (v[i] - m) * r * slope);
        store_at(out, c, columns, g);
    }
}

#define NORMS(suffix, T) \
    extern "C" __global__ void __launch_bounds__(256) rms_norm_##suffix( \
        const T* x, const float* weight, const T* residual, T* y, float* rstd, int count, float epsilon) \
    { rms_norm(x, weight, residual, y, rstd, count, epsilon); } \
    extern "C" __global__ void __launch_bounds__(256) layer_norm_##suffix(const T* x, T* y, float* means, float* rstd, int count, float epsilon) \
    { layer_norm(x, y, means, rstd, count, epsilon); } \
    extern "C" __global__ void __launch_bounds__(256) layer_norm_gradient_##suffix(const T* dy, const T* x, const float* means, const float* rstd, T* dx, int count) \
    { layer_norm_gradient(dy, x, means, rstd, dx, count); }

#define RMS_GRADIENT(K, suffix, T) \
    extern "C" __global__ void __launch_bounds__(256) rms_norm_gradient_##K##_##suffix( \
        const T* dy, const T* x, const float* weight, const float* rstd, T* dx, float* partial, int count, int rows, int rows_each) \
    { rms_norm_gradient<T, K>(dy, x, weight, rstd, dx, partial, count, rows, rows_each); }

NORMS(f32, float)
NORMS(bf16, bf16)
RMS_GRADIENT(1, f32, float)
RMS_GRADIENT(2, f32, float)
RMS_GRADIENT(4, f32, float)
RMS_GRADIENT(8, f32, float)
RMS_GRADIENT(1, bf16, bf16)
RMS_GRADIENT(2, bf16, bf16)
RMS_GRADIENT(4, bf16, bf16)
RMS_GRADIENT(8, bf16, bf16)
