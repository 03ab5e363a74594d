/**
 * The tables of the TFLite schema and what their fields hold, in order; a table that is not listed has no fields.
 * A digit is a scalar of that many bytes; `string`; a name is a table; `|Name` is a union, whose member the field
 * before it tells; brackets make it a vector. Written by `tools/golden/tflite.py schema`.
 */
export const SCHEMA_TABLES: Readonly<Record<string, string>> = {
  AddOptions: '1 1',
  ArgMaxOptions: '1',
  ArgMinOptions: '1',
  BatchMatMulOptions: '1 1 1',
  BidirectionalSequenceLSTMOptions: '1 4 4 1 1 1',
  BidirectionalSequenceRNNOptions: '1 1 1 1',
  BlockwiseQuantization: '4 4 4 [4]',
  BucketizeOptions: '[4]',
  Buffer: '[1] 8 8',
  CallOnceOptions: '4',
  CallOptions: '4',
  CastOptions: '1 1',
  ConcatEmbeddingsOptions: '4 [4] [4]',
  ConcatenationOptions: '4 1',
  Conv2DOptions: '1 4 4 1 4 4 1',
  Conv3DOptions: '1 4 4 4 1 4 4 4',
  CumsumOptions: '1 1',
  CustomQuantization: '[1]',
  DepthToSpaceOptions: '4',
  DepthwiseConv2DOptions: '1 4 4 4 1 4 4',
  DimensionMetadata: '1 4 1 |SparseIndexVector 1 |SparseIndexVector',
  DivOptions: '1',
  EmbeddingLookupSparseOptions: '1',
  ExternalBuffer: '4 4 8 8 string',
  ExternalBufferGroup: 'string',
  FakeQuantOptions: '4 4 4 1',
  FullyConnectedOptions: '1 1 1 1 1 [1]',
  GatherOptions: '4 4',
  GeluOptions: '1',
  HashtableOptions: '4 1 1',
  IfOptions: '4 4',
  Int32Vector: '[4]',
  L2NormOptions: '1',
  LSHProjectionOptions: '1',
  LSTMOptions: '1 4 4 1 1',
  LeakyReluOptions: '4',
  LocalResponseNormalizationOptions: '4 4 4 4',
  Metadata: 'string 4',
  MirrorPadOptions: '1',
  Model:
    '4 [OperatorCode] [SubGraph] string [Buffer] [4] [Metadata] [SignatureDef] [ExternalBufferGroup] [ExternalBuffer]',
  MulOptions: '1',
  MultiAxisQuantization: '4 4 4 [4]',
  OneHotOptions: '4',
  Operator: '4 [4] [4] 1 |BuiltinOptions [1] 1 [1] [4] 8 8 1 |BuiltinOptions2 4',
  OperatorCode: '1 string 4 4',
  PackOptions: '4 4',
  Pool2DOptions: '1 4 4 4 4 1',
  QuantizationParameters: '[4] [4] [4] [8] 1 |QuantizationDetails 4',
  RNNOptions: '1 1',
  RandomOptions: '8 8',
  ReduceWindowOptions: '4',
  ReducerOptions: '1',
  ReshapeOptions: '[4]',
  ResizeBilinearOptions: '4 4 1 1',
  ResizeNearestNeighborOptions: '1 1',
  ReverseSequenceOptions: '4 4',
  SVDFOptions: '4 1 1',
  SequenceRNNOptions: '1 1 1',
  ShapeOptions: '1',
  SignatureDef: '[TensorMap] [TensorMap] string string 4',
  SkipGramOptions: '4 4 1',
  SoftmaxOptions: '4',
  SpaceToDepthOptions: '4',
  SparseToDenseOptions: '1',
  SparsityParameters: '[4] [4] [DimensionMetadata]',
  SplitOptions: '4',
  SplitVOptions: '4',
  SqueezeOptions: '[4]',
  StableHLOCompositeOptions: 'string 4 [1] 1 4',
  StablehloBroadcastInDimOptions: '[8]',
  StablehloCaseOptions: '[4]',
  StablehloCompareOptions: '4 4',
  StablehloConcatenateOptions: '8',
  StablehloConvolutionOptions: '[8] [8] [8] [8] [1] 8 8 [8] 8 8 [8] 8 8 [8] 8 8 [4]',
  StablehloCustomCallOptions: 'string 1 string 4 [4] [1]',
  StablehloDotGeneralOptions: '[8] [8] [8] [8] [4]',
  StablehloDynamicSliceOptions: '[8]',
  StablehloGatherOptions: '[8] [8] [8] 8 [8] 1',
  StablehloIotaOptions: '8',
  StablehloPadOptions: '[8] [8] [8]',
  StablehloReduceOptions: '[8] 4',
  StablehloReduceWindowOptions: '[8] [8] [8] [8] [8] 4',
  StablehloRngBitGeneratorOptions: '1',
  StablehloScatterOptions: '1 [8] [8] [8] 8 1 4',
  StablehloSliceOptions: '[8] [8] [8]',
  StablehloSortOptions: '8 1 4',
  StablehloTransposeOptions: '[8]',
  StablehloWhileOptions: '4 4',
  StridedSliceOptions: '4 4 4 4 4 1',
  SubGraph: '[Tensor] [4] [4] [Operator] string 4',
  SubOptions: '1 1',
  Tensor: '[4] 1 4 string QuantizationParameters 1 SparsityParameters [4] 1 [VariantSubType] 4',
  TensorMap: 'string 4',
  TransposeConvOptions: '1 4 4 1 1',
  Uint16Vector: '[2]',
  Uint8Vector: '[1]',
  UnidirectionalSequenceLSTMOptions: '1 4 4 1 1 1',
  UniqueOptions: '1',
  UnpackOptions: '4 4',
  VarHandleOptions: 'string string',
  VariantSubType: '[4] 1 1',
  WhileOptions: '4 4',
};

/** Members of each union, separated by blanks; the first has the number 1. */
export const SCHEMA_UNIONS: Readonly<Record<string, readonly string[]>> = {
  BuiltinOptions: (
    'Conv2DOptions DepthwiseConv2DOptions ConcatEmbeddingsOptions LSHProjectionOptions Pool2DOptions ' +
    'SVDFOptions RNNOptions FullyConnectedOptions SoftmaxOptions ConcatenationOptions AddOptions L2NormOptions ' +
    'LocalResponseNormalizationOptions LSTMOptions ResizeBilinearOptions CallOptions ReshapeOptions ' +
    'SkipGramOptions SpaceToDepthOptions EmbeddingLookupSparseOptions MulOptions PadOptions GatherOptions ' +
    'BatchToSpaceNDOptions SpaceToBatchNDOptions TransposeOptions ReducerOptions SubOptions DivOptions ' +
    'SqueezeOptions SequenceRNNOptions StridedSliceOptions ExpOptions TopKV2Options SplitOptions ' +
    'LogSoftmaxOptions CastOptions DequantizeOptions MaximumMinimumOptions ArgMaxOptions LessOptions ' +
    'NegOptions PadV2Options GreaterOptions GreaterEqualOptions LessEqualOptions SelectOptions SliceOptions ' +
    'TransposeConvOptions SparseToDenseOptions TileOptions ExpandDimsOptions EqualOptions NotEqualOptions ' +
    'ShapeOptions PowOptions ArgMinOptions FakeQuantOptions PackOptions LogicalOrOptions OneHotOptions ' +
    'LogicalAndOptions LogicalNotOptions UnpackOptions FloorDivOptions SquareOptions ZerosLikeOptions ' +
    'FillOptions BidirectionalSequenceLSTMOptions BidirectionalSequenceRNNOptions ' +
    'UnidirectionalSequenceLSTMOptions FloorModOptions RangeOptions ResizeNearestNeighborOptions ' +
    'LeakyReluOptions SquaredDifferenceOptions MirrorPadOptions AbsOptions SplitVOptions UniqueOptions ' +
    'ReverseV2Options AddNOptions GatherNdOptions CosOptions WhereOptions RankOptions ReverseSequenceOptions ' +
    'MatrixDiagOptions QuantizeOptions MatrixSetDiagOptions HardSwishOptions IfOptions WhileOptions ' +
    'DepthToSpaceOptions NonMaxSuppressionV4Options NonMaxSuppressionV5Options ScatterNdOptions ' +
    'SelectV2Options DensifyOptions SegmentSumOptions BatchMatMulOptions CumsumOptions CallOnceOptions ' +
    'BroadcastToOptions Rfft2dOptions Conv3DOptions HashtableOptions HashtableFindOptions ' +
    'HashtableImportOptions HashtableSizeOptions VarHandleOptions ReadVariableOptions AssignVariableOptions ' +
    'RandomOptions BucketizeOptions GeluOptions DynamicUpdateSliceOptions UnsortedSegmentProdOptions ' +
    'UnsortedSegmentMaxOptions UnsortedSegmentMinOptions UnsortedSegmentSumOptions ATan2Options SignOptions ' +
    'BitcastOptions BitwiseXorOptions RightShiftOptions'
  ).split(' '),
  BuiltinOptions2: (
    'StablehloConcatenateOptions StablehloBroadcastInDimOptions StablehloSliceOptions ' +
    'StablehloConvolutionOptions StablehloCustomCallOptions StablehloReduceOptions StablehloScatterOptions ' +
    'StablehloCompareOptions StablehloDynamicSliceOptions StablehloPadOptions StablehloIotaOptions ' +
    'StablehloDotGeneralOptions StablehloReduceWindowOptions StablehloSortOptions StablehloWhileOptions ' +
    'StablehloGatherOptions StablehloTransposeOptions DilateOptions StablehloRngBitGeneratorOptions ' +
    'ReduceWindowOptions StableHLOCompositeOptions StablehloShiftLeftOptions StablehloCaseOptions'
  ).split(' '),
  QuantizationDetails: 'CustomQuantization BlockwiseQuantization MultiAxisQuantization'.split(' '),
  SparseIndexVector: 'Int32Vector Uint16Vector Uint8Vector'.split(' '),
};
