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
// A block works on rows_each rows; K = ceil(columns / 2048). dx may be dy.
template <class G, class T, class D, int K>
__device__ __forceinline__ void rms_norm_gradient(
    const G* dy, const T* x, const float* weight, const float* rstd, D* dx, float* partial, int count, int rows, int rows_each)
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
        const G* up = dy + (long long)row * count;
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
        D* out = dx + (long long)row * count;
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

// total[c] (+)= sum of parts [parts, count] over the parts: 32 strided chains a column, folded in order. 32 columns a block of 1,024 threads.
extern "C" __global__ void __launch_bounds__(1024) sum_parts(const float* parts, float* total, int n, int count, int accumulate)
{
    __shared__ float chains[32][33];
    int lane = threadIdx.x & 31, slice = threadIdx.x >> 5;
    int c = blockIdx.x * 32 + lane;
    float sum = 0.0f;
    if (c < count)
        for (int p = slice; p < n; p += 32) sum += parts[(long long)p * count + c];
    chains[slice][lane] = sum;
    __syncthreads();
    if (slice == 0 && c < count)
    {
        float all = accumulate ? total[c] : 0.0f;
        for (int s = 0; s < 32; s++) all += chains[s][lane];
        total[c] = all;
    }
}

// N columns of the first half of a head and those of its second half that turn with them.
template <int N> struct Pairs { float low[N], high[N]; };

__device__ __forceinline__ void load_run(const float* p, float (&x)[8]) { load8(p, x); }
__device__ __forceinline__ void load_run(const bf16* p, float (&x)[8]) { load8(p, x); }
template <class T> __device__ __forceinline__ void load_run(const T* p, float (&x)[1]) { x[0] = to_float(*p); }
template <class T> __device__ __forceinline__ void store_run(T* p, const float (&x)[8]) { store8(p, x); }
template <class T> __device__ __forceinline__ void store_run(T* p, const float (&x)[1]) { *p = from_float<T>(x[0]); }

template <int N, class T> __device__ __forceinline__ Pairs<N> load_pairs(const T* p, int half)
{
    Pairs<N> x;
    load_run(p, x.low);
    load_run(p + half, x.high);
    return x;
}

// Turned by a position's angles, from column i of a head on; sign -1 turns back.
template <int N> __device__ __forceinline__ Pairs<N> turned(const Pairs<N>& x, const float* cosine, const float* sine, int i, float sign)
{
    float c[N], s[N];
    Pairs<N> y;
    load_run(cosine + i, c);
    load_run(sine + i, s);
    #pragma unroll
    for (int k = 0; k < N; k++)
    {
        float across = sign * s[k];
        y.low[k] = x.low[k] * c[k] - x.high[k] * across;
        y.high[k] = x.high[k] * c[k] + x.low[k] * across;
    }

    return y;
}

// y = w x rstd with its heads turned. One block of 128 threads a row; N divides half.
template <class T, int N>
__device__ __forceinline__ void rms_norm_rope(
    const T* x, const float* weight, T* y, float* rstd, int count, float epsilon, const int* positions, const float* cosines, const float* sines, int half)
{
    __shared__ float scratch[33];
    long long row = blockIdx.x, angles = (long long)positions[row] * half;
    const T* from = x + row * count;
    T* to = y + row * count;
    float sum = 0.0f;
    for (int j = threadIdx.x * N; j < count / 2; j += 128 * N)
    {
        Pairs<N> v = load_pairs<N>(from + j / half * half + j, half);
        #pragma unroll
        for (int k = 0; k < N; k++) sum = __fmaf_rn(v.high[k], v.high[k], __fmaf_rn(v.low[k], v.low[k], sum));
    }

    float r = 1.0f / sqrtf(block_sum(sum, scratch) / (float)count + epsilon);
    for (int j = threadIdx.x * N; j < count / 2; j += 128 * N)
    {
        int before = j / half * half, at = before + j;
        Pairs<N> v = load_pairs<N>(from + at, half), w = load_pairs<N>(weight + at, half);
        #pragma unroll
        for (int k = 0; k < N; k++)
        {
            v.low[k] = w.low[k] * (v.low[k] * r);
            v.high[k] = w.high[k] * (v.high[k] * r);
        }

        v = turned(v, cosines + angles, sines + angles, j - before, 1.0f);
        store_run(to + at, v.low);
        store_run(to + at + half, v.high);
    }

    if (threadIdx.x == 0 && rstd) rstd[row] = r;
}

// As rms_norm_gradient, of dy turned back. A block of 128 threads; 8 divides half; K = ceil(columns / 2048). dx is not dy.
template <class T, int K>
__device__ __forceinline__ void rms_norm_rope_gradient(
    const T* dy, const T* x, const float* weight, const float* rstd, T* dx, float* partial, int count, int rows, int rows_each,
    const int* positions, const float* cosines, const float* sines, int half)
{
    __shared__ float scratch[33];
    Pairs<8> dw[K];
    #pragma unroll
    for (int k = 0; k < K; k++)
        #pragma unroll
        for (int i = 0; i < 8; i++) dw[k].low[i] = dw[k].high[i] = 0.0f;
    int first = blockIdx.x * rows_each, last = min(first + rows_each, rows);
    for (int row = first; row < last; row++)
    {
        long long start = (long long)row * count, angles = (long long)positions[row] * half;
        float r = rstd[row], sum = 0.0f;
        #pragma unroll
        for (int k = 0; k < K; k++)
        {
            int j = (k * 128 + threadIdx.x) * 8, before = j / half * half, at = before + j;
            if (j < count / 2)
            {
                Pairs<8> g = turned(load_pairs<8>(dy + start + at, half), cosines + angles, sines + angles, j - before, -1.0f);
                Pairs<8> n = load_pairs<8>(x + start + at, half), w = load_pairs<8>(weight + at, half);
                #pragma unroll
                for (int i = 0; i < 8; i++)
                {
                    float low = n.low[i] * r, high = n.high[i] * r;
                    dw[k].low[i] = __fmaf_rn(g.low[i], low, dw[k].low[i]);
                    dw[k].high[i] = __fmaf_rn(g.high[i], high, dw[k].high[i]);
                    sum = __fmaf_rn(g.high[i] * w.high[i], high, __fmaf_rn(g.low[i] * w.low[i], low, sum));
                }
            }
        }

        float mean = block_sum(sum, scratch) / (float)count;
        #pragma unroll
        for (int k = 0; k < K; k++)
        {
            int j = (k * 128 + threadIdx.x) * 8, before = j / half * half, at = before + j;
            if (j < count / 2)
            {
                Pairs<8> g = turned(load_pairs<8>(dy + start + at, half), cosines + angles, sines + angles, j - before, -1.0f);
                Pairs<8> n = load_pairs<8>(x + start + at, half), w = load_pairs<8>(weight + at, half);
                #pragma unroll
                for (int i = 0; i < 8; i++)
                {
                    g.low[i] = r * (g.low[i] * w.low[i] - n.low[i] * r * mean);
                    g.high[i] = r * (g.high[i] * w.high[i] - n.high[i] * r * mean);
                }

                store8(dx + start + at, g.low);
                store8(dx + start + at + half, g.high);
            }
        }
    }

    float* to = partial + (long long)blockIdx.x * count;
    #pragma unroll
    for (int k = 0; k < K; k++)
    {
        int j = (k * 128 + threadIdx.x) * 8, at = j / half * half + j;
        if (j < count / 2)
        {
            store8(to + at, dw[k].low);
            store8(to + at + half, dw[k].high);
        }
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
template <class G, class T> __device__ __forceinline__ void layer_norm_gradient(const G* dy, const T* x, const float* means, const float* rstd, G* dx, int count)
{
    __shared__ float scratch[33];
    Columns columns = columns_of(count);
    long long row = blockIdx.x;
    const G* up = dy + row * count;
    const T* in = x + row * count;
    G* out = dx + row * count;
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
    { layer_norm(x, y, means, rstd, count, epsilon); }

#define RMS_ROPE(N, suffix, T) \
    extern "C" __global__ void __launch_bounds__(128) rms_norm_rope_##N##_##suffix( \
        const T* x, const float* weight, T* y, float* rstd, int count, float epsilon, const int* positions, const float* cosines, const float* sines, int half) \
    { rms_norm_rope<T, N>(x, weight, y, rstd, count, epsilon, positions, cosines, sines, half); }

#define LAYER_GRADIENT(suffix, G, T) \
    extern "C" __global__ void __launch_bounds__(256) layer_norm_gradient_##suffix(const G* dy, const T* x, const float* means, const float* rstd, G* dx, int count) \
    { layer_norm_gradient(dy, x, means, rstd, dx, count); }

#define RMS_GRADIENT(K, suffix, G, T, D) \
    extern "C" __global__ void __launch_bounds__(256) rms_norm_gradient_##K##_##suffix( \
        const G* dy, const T* x, const float* weight, const float* rstd, D* dx, float* partial, int count, int rows, int rows_each) \
    { rms_norm_gradient<G, T, D, K>(dy, x, weight, rstd, dx, partial, count, rows, rows_each); }

#define RMS_ROPE_GRADIENT(K, suffix, T) \
    extern "C" __global__ void __launch_bounds__(128) rms_norm_rope_gradient_##K##_##suffix( \
        const T* dy, const T* x, const float* weight, const float* rstd, T* dx, float* partial, int count, int rows, int rows_each, \
        const int* positions, const float* cosines, const float* sines, int half) \
    { rms_norm_rope_gradient<T, K>(dy, x, weight, rstd, dx, partial, count, rows, rows_each, positions, cosines, sines, half); }

#define RMS_GRADIENTS(K) \
    RMS_GRADIENT(K, f32_f32_f32, float, float, float) \
    RMS_GRADIENT(K, f32_bf16_f32, float, bf16, float) \
    RMS_GRADIENT(K, f32_bf16_bf16, float, bf16, bf16) \
    RMS_GRADIENT(K, bf16_bf16_bf16, bf16, bf16, bf16) \
    RMS_ROPE_GRADIENT(K, f32, float) \
    RMS_ROPE_GRADIENT(K, bf16, bf16)

NORMS(f32, float)
NORMS(bf16, bf16)
RMS_ROPE(1, f32, float)
RMS_ROPE(1, bf16, bf16)
RMS_ROPE(8, f32, float)
RMS_ROPE(8, bf16, bf16)
LAYER_GRADIENT(f32_f32, float, float)
LAYER_GRADIENT(f32_bf16, float, bf16)
LAYER_GRADIENT(bf16_bf16, bf16, bf16)
RMS_GRADIENTS(1)
RMS_GRADIENTS(2)
RMS_GRADIENTS(4)
RMS_GRADIENTS(8)
