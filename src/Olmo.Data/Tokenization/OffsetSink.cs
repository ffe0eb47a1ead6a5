using System.Text;

namespace Olmo.Data.Tokenization;

/// <summary>Ids with spelling and offsets in code points of the raw text.</summary>
internal struct OffsetSink : IPieceSink
{
    private readonly BpeModel _model;
    private readonly EncoderWorkspace _workspace;
    private readonly bool _trims;
    private readonly int[] _codePointOf;
    private readonly List<EncodedToken> _tokens;
    private readonly List<int> _unitOfByte = [];
    private int _rawStart;
    private List<SourceRange>? _sources;

    public OffsetSink(BpeModel model, EncoderWorkspace workspace, bool trims, ReadOnlySpan<char> text, List<EncodedToken> tokens)
    {
        _model = model;
        _workspace = workspace;
        _trims = trims;
        _tokens = tokens;
        _codePointOf = new int[text.Length + 1];
        int codePoints = 0;
        for (int i = 0; i < text.Length; i++)
        {
            _codePointOf[i] = codePoints;
            bool firstOfPair = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            codePoints += firstOfPair ? 0 : 1;
        }

        _codePointOf[text.Length] = codePoints;
    }

    public static bool WantsSources => true;

    public void BeginStretch(int rawStart, List<SourceRange>? sources)
    {
        _rawStart = rawStart;
        _sources = sources;
    }

    public readonly void Added(AddedToken token, int start, int end, bool inStretch)
    {
        int rawStart = inStretch ? RawStart(start) : start;
        int rawEnd = inStretch ? RawEnd(end - 1) : end;
        Add(token.Id, _codePointOf[rawStart], _codePointOf[rawEnd]);
    }

    public readonly void Piece(ReadOnlySpan<char> stretch, int start, int end)
    {
        ReadOnlySpan<int> ids = _workspace.Compute(stretch[start..end]);
        if (ids.Length == 1)
        {
            Add(ids[0], _codePointOf[RawStart(start)], _codePointOf[RawEnd(end - 1)]);
            return;
        }

        ReadBytes(stretch, start, end);
        int done = 0;
        foreach (int id in ids)
        {
            int last = done + _model.BytesOf(id).Length - 1;
            Add(id, _codePointOf[RawStart(_unitOfByte[done])], _codePointOf[RawEnd(_unitOfByte[last])]);
            done = last + 1;
        }
    }

    /// <summary>The unit of the stretch that each byte of the piece belongs to, without the bytes that the vocabulary lacks.</summary>
    private readonly void ReadBytes(ReadOnlySpan<char> stretch, int start, int end)
    {
        _unitOfByte.Clear();
        Span<byte> utf8 = stackalloc byte[4];
        for (int i = start, width; i < end; i += width)
        {
            Rune.DecodeFromUtf16(stretch[i..end], out Rune rune, out width);
            int length = rune.EncodeToUtf8(utf8);
            foreach (byte b in utf8[..length])
            {
                if (_model.ByteIds[b] >= 0)
                {
                    _unitOfByte.Add(i + width - 1);
                }
            }
        }
    }

    private readonly int RawStart(int unit) => _rawStart + (_sources is null ? unit : _sources[unit].Start);

    private readonly int RawEnd(int unit) => _rawStart + (_sources is null ? unit + 1 : _sources[unit].End);

    private readonly void Add(int id, int start, int end)
    {
        string text = _model.TextOf(id)!;
        if (_trims)
        {
            int leading = text.TakeWhile(IsSpace).Count();
            int trailing = text.Reverse().TakeWhile(IsSpace).Count();
            start = Math.Min(start + leading, end);
            end = trailing > 0 && end >= trailing ? Math.Max(end - trailing, start) : end;
        }

        _tokens.Add(new EncodedToken(id, text, start, end));
    }

    private static bool IsSpace(char unit) => unit == ByteAlphabet.ToChar((byte)' ') || char.IsWhiteSpace(unit);
}
