// Embeddings and RoPE.

// y[t] = table[ids[t]]. One block a row.
template <class S, class T> __device__ __forceinline__ void embedding(const S* table, const int* ids, T* y, int columns)
{
    const S* from = table + (long long)ids[blockIdx.x] * columns;
    T* to = y + (long long)blockIdx.x * columns;
    for (int c = threadIdx.x; c < columns; c += blockDim.x) to[c] = from_float<T>(to_float(from[c]));
}

extern "C" __global__ void embedding_f32_f32(const float* table, const int* ids, float* y, int columns) { embedding(table, ids, y, columns); }
extern "C" __global__ void embedding_f32_bf16(const float* table, const int* ids, bf16* y, int columns) { embedding(table, ids, y, columns); }
extern "C" __global__ void embedding_bf16_f32(const bf16* table, const int* ids, float* y, int columns) { embedding(table, ids, y, columns); }
extern "C" __global__ void embedding_bf16_bf16(const bf16* table, const int* ids, bf16* y, int columns) { embedding(table, ids, y, columns); }

// The rows of each id as a chain: next[t] is the next row with the id of row t, or -1; first[t] is 1 where no row before has it. One thread a row.
extern "C" __global__ void __launch_bounds__(256) token_chains(const int* ids, int* next, int* first, int rows)
{
    __shared__ int tile[1024];
    int t = blockIdx.x * 256 + threadIdx.x;
    int id = t < rows ? ids[t] : -1;
    int following = 0x7fffffff;
    bool is_first = true;
    for (int from = 0; from < rows; from += 1024)
    {
        __syncthreads();
        for (int i = threadIdx.x; i < 1024; i += 256) tile[i] = from + i < rows ? ids[from + i] : -2;
        __syncthreads();
        int count = min(1024, rows - from);
        for (int i = 0; i < count; i++)
        {
            if (tile[i] == id)
            {
                int s = from + i;
                if (s < t) is_first = false;
                if (s > t) following = min(following, s);
            }
        }
    }

    if (t < rows)
    {
        next[t] = following == 0x7fffffff ? -1 : following;
        first[t] = is_first ? 1 : 0;
    }
}

// gradient[ids[t]] += dy[t], rows ascending: the block of an id's first row follows its chain.
template <class T> __device__ __forceinline__ void embedding_gradient(const int* ids, const int* next, const int* first, const T* dy, float* gradient, int columns)
{
    int row = blockIdx.x;
    if (!first[row]) return;
    float* to = gradient + (long long)ids[row] * columns;
    for (int c = threadIdx.x; c < columns; c += blockDim.x)
    {
        float sum = to[c];
        for (int t = row; t >= 0; t = next[t]) sum += to_float(dy[(long long)t * columns + c]);
        to[c] = sum;
    }
}

extern "C" __global__ void embedding_gradient_f32(const int* ids, const int* next, const int* first, const float* dy, float* gradient, int columns)
{ embedding_gradient(ids, next, first, dy, gradient, columns); }
extern "C" __global__ void embedding_gradient_bf16(const int* ids, const int* next, const int* first, const bf16* dy, float* gradient, int columns)
{ embedding_gradient(ids, next, first, dy, gradient, columns); }

// y[i] = x[i] cos - x[i + half] sin, y[i + half] = x[i + half] cos + x[i] sin, of x clamped to +-limit; sign -1 turns back. One block a row; each thread has whole pairs, so y may be x.
template <class X, class Y>
__device__ __forceinline__ void rope(const X* x, const int* positions, const float* cosines, const float* sines, Y* y, int columns, int half, float sign, float limit)
{
    long long row = blockIdx.x;
    const X* from = x + row * columns;
    Y* to = y + row * columns;
    const float* cosine = cosines + (long long)positions[row] * half;
    const float* sine = sines + (long long)positions[row] * half;
    if ((half & 7) == 0)
    {
        for (int j = threadIdx.x * 8; j < columns / 2; j += blockDim.x * 8)
        {
            int head = j / half, i = j - head * half, at = head * 2 * half + i;
            float a[8], b[8], c[8], s[8];
            load8(from + at, a);
            load8(from + at + half, b);
            load8(cosine + i, c);
            load8(sine + i, s);
            #pragma unroll
            for (int k = 0; k < 8; k++)
            {
                float low = clamped(a[k], limit), high = clamped(b[k], limit), turn = sign * s[k];
                a[k] = low * c[k] - high * turn;
                b[k] = high * c[k] + low * turn;
            }

            store8(to + at, a);
            store8(to + at + half, b);
        }

        return;
    }

    for (int j = threadIdx.x; j < columns / 2; j += blockDim.x)
    {
        int head = j / half, i = j - head * half, at = head * 2 * half + i;
        float low = clamped(to_float(from[at]), limit), high = clamped(to_float(from[at + half]), limit), c = cosine[i], turn = sign * sine[i];
        to[at] = from_float<Y>(low * c - high * turn);
        to[at + half] = from_float<Y>(high * c + low * turn);
    }
}

#define ROPE(suffix, X, Y) \
    extern "C" __global__ void rope_##suffix( \
        const X* x, const int* positions, const float* cosines, const float* sines, Y* y, int columns, int half, float sign, float limit) \
    { rope(x, positions, cosines, sines, y, columns, half, sign, limit); }

ROPE(f32_f32, float, float)
ROPE(f32_bf16, float, bf16)
ROPE(bf16_bf16, bf16, bf16)
