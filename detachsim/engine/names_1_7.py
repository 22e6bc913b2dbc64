"""What PyTorch 1.7 calls the nodes of 2.13.

Source: its code generator, which numbered the nodes of a name only where there were several."""

_OTHER_NAMES = {
    "AsStridedBackward1": "AsStridedBackward",
    "CeluBackward1": "CeluBackward",
    "ClampBackward1": "ClampBackward",
    # Of float32; which library computes other convolutions is not known here.
    "ConvolutionBackward0": "MkldnnConvolutionBackward",
    "ConvolutionBackwardBackward0": "MkldnnConvolutionBackwardBackward",
    "DiagEmbedBackward0": "torch::autograd::CopySlices",
    "DiagonalBackward0_copy": "DiagBackward",
    "EluBackward1": "EluBackward",
    "FillBackward2": "FillBackward0",
    "FillBackward3": "FillBackward1",
    "LinalgCholeskyExBackward0": "CholeskyBackward",
    "LinalgCrossBackward0": "CrossBackward",
    "LinalgDetBackward0": "DetBackward",
    "LinalgEighBackward0": "SymeigBackward",
    "LinalgInvExBackward0": "InverseBackward",
    "LinalgMatrixExpBackward0": "MatrixExpBackward",
    "LinalgQrBackward0": "QrBackward",
    "LinalgSlogdetBackward0": "SlogdetBackward",
    "LinalgSolveExBackward0": "SolveBackward",
    "LinalgSolveTriangularBackward0": "TriangularSolveBackward",
    "LinalgSvdBackward0": "SvdBackward",
    "LinalgVectorNormBackward0": "NormBackward1",
    "PreluKernelBackward0": "PreluBackward",
    "ReshapeAliasBackward0": "ViewBackward",
    "StdMeanBackward0": "StdMeanBackward1",
    "TBackward1": "TransposeBackward1",
    "ToCopyBackward0": "torch::autograd::CopyBackwards",
    "VarMeanBackward0": "VarMeanBackward1",
    "WhereBackward0": "SWhereBackward",
}

# The nodes that had no number, without their ``Backward0``.
_NAMES = """
Abs Acos AdaptiveAvgPool2D AdaptiveAvgPool2DBackward AdaptiveMaxPool2D AdaptiveMaxPool2DBackward AdaptiveMaxPool3D
AdaptiveMaxPool3DBackward Addbmm Addcdiv Addcmul Addmm Addmv Addr AffineGridGenerator Alias Amax Amin Angle AsStrided
Asin Atan Atan2 AvgPool2D AvgPool2DBackward AvgPool3D AvgPool3DBackward Baddbmm BinaryCrossEntropy
BinaryCrossEntropyBackward BinaryCrossEntropyWithLogits Cat Cauchy Cdist CdistBackward Ceil Celu Cholesky
CholeskyInverse CholeskySolve ClampMax ClampMin Clone Col2Im ConstantPadNd ConvTbc Cos Cosh CtcLoss Cummax Cummin
Cumprod Cumsum Deg2Rad Diag Diagonal Digamma Dist Dot Elu EluBackward Embedding EmbeddingBag EmbeddingDenseBackward
EmbeddingRenorm Erf Erfc Erfinv EuclideanDist Exp Expand Expm1 Exponential Flip Floor Frac FractionalMaxPool2D
FractionalMaxPool2DBackward FractionalMaxPool3D FractionalMaxPool3DBackward Gather Gelu Geometric Geqrf Glu
GluBackward GridSampler2D GridSampler2DCpuFallback GridSampler3D Hardshrink HardshrinkBackward Hardsigmoid Hardswish
HardtanhBackward Hypot Im2Col Index IndexAdd IndexCopy IndexPut IndexPutImpl IndexSelect Kthvalue L1Loss
L1LossBackward LeakyReluBackward Lgamma Log Log10 Log1P Log2 LogNormal LogSigmoid LogSigmoidBackward LogSoftmax
LogSoftmaxBackwardData Logaddexp Logaddexp2 Logcumsumexp Logit Logsumexp MaskedScatter MaskedSelect
MaxPool2DWithIndices MaxPool2DWithIndicesBackward MaxPool3DWithIndices MaxPool3DWithIndicesBackward MaxUnpool2D
MaxUnpool3D Maximum Minimum Mm Mode MseLoss MseLossBackward MultiMarginLoss MultilabelMarginLoss Mv Mvlgamma
NativeBatchNorm NativeBatchNormBackward NativeGroupNorm NativeLayerNorm Neg Nextafter NllLoss NllLoss2D
NllLoss2DBackward NllLossBackward Ormqr PackPaddedSequence Pdist PdistBackward Permute Poisson Polygamma Prelu Rad2Deg
Reciprocal ReflectionPad1D ReflectionPad1DBackward ReflectionPad2D ReflectionPad2DBackward Renorm Repeat
ReplicationPad1D ReplicationPad1DBackward ReplicationPad2D ReplicationPad2DBackward ReplicationPad3D
ReplicationPad3DBackward Roll Rot90 Round RreluWithNoiseBackward Rsqrt ScatterAdd Select Sigmoid SigmoidBackward Sign
Silu Sin Sinh Slice SmoothL1Loss SmoothL1LossBackward SoftMarginLoss SoftMarginLossBackward Softmax
SoftmaxBackwardData Softplus SoftplusBackward Softshrink SoftshrinkBackward Sort Split SplitWithSizes Sqrt Stack T
Take Tan Tanh TanhBackward ThresholdBackward Topk Trace TriangularSolve Tril Trilinear Triu Trunc Unbind Unfold
UnfoldBackward Uniform Unique UnsafeSplit UnsafeView View Zero
"""
_WITHOUT_NUMBER = frozenset(_NAMES.split())


def name_in_1_7(name: str) -> str:
    """Return the name of a node of 2.13 in 1.7; one that is not known here is spelled the same."""
    other = _OTHER_NAMES.get(name)
    if other is not None:
        return other
    stem = name.removesuffix("Backward0")
    return f"{stem}Backward" if stem != name and stem in _WITHOUT_NUMBER else name
