"""What the course covers, in its order: the list that the rows are held against."""

from collections.abc import Mapping

# fmt: off
# A table to be read, a section to a few lines.
TOPICS: Mapping[str, tuple[str, ...]] = {
    "1 Machine-learning basics": (
        "k-nearest neighbours", "L1 and L2 distance", "k as a hyperparameter", "train/validation/test split",
        "k-fold cross-validation", "k-means", "principal component analysis",
        "linear regression: prediction with a bias column", "linear regression: least squares",
        "linear regression: closed form (XᵀX)⁻¹Xᵀy", "linear regression: maximum likelihood under Gaussian noise",
        "logistic regression: sigmoid", "logistic regression: Bernoulli likelihood, binary cross-entropy",
        "logistic regression: gradient descent", "linear score functions",
        "not linearly separable: XOR quadrants, ring, three modes",
    ),
    "2 Computing gradients": (
        "computational graph: nodes and edges", "forward and backward pass",
        "picture of the graph with values and gradients", "the four ways side by side", "derivative by hand",
        "symbolic differentiation", "numerical differentiation", "forward mode (dual numbers)", "reverse mode",
        "gradient check",
    ),
    "3 Matrix derivatives and the affine layer": (
        "affine forward and backward", "flattening", "bias as 1ᴺb", "gradient versus Jacobian",
        "the toy network of the note's exercise",
    ),
    "4 Activations": (
        "sigmoid", "tanh", "ReLU", "leaky ReLU", "parametric ReLU", "ELU", "maxout (k pieces)", "softmax (stable)",
        "softplus", "swish (β)", "step", "identity", "range, saturation, zero-centredness, dead units",
    ),
    "5 Losses and regularizers": (
        "L1", "MSE / L2", "binary cross-entropy", "softmax cross-entropy (stable)", "±1 binary softmax",
        "binary hinge", "multiclass SVM hinge", "0/1 loss", "label smoothing", "L1 penalty", "L2 penalty",
        "elastic net", "one strength per weight matrix", "max-norm", "weight decay, coupled",
        "weight decay, decoupled",
    ),
    "6 First-order optimization": (
        "gradient descent", "convergence test ‖θₖ₊₁ − θₖ‖ < ε", "line search for the step",
        "single-sample and mini-batch SGD", "epoch and iteration", "Robbins–Monro conditions",
        "momentum, learning rate inside the velocity", "momentum, learning rate outside the velocity", "Nesterov",
        "Adagrad", "Adadelta", "RMSProp", "Adam with bias correction", "Adam without bias correction", "AdaMax",
        "Nadam", "AMSGrad", "AdamW", "gradient clipping",
    ),
    "7 Second-order optimization": (
        "Newton", "BFGS", "L-BFGS", "Gauss–Newton", "Levenberg", "Levenberg–Marquardt with damping control",
        "conjugate gradient for linear systems", "Newton on linear regression lands in one step",
    ),
    "8 Learning-rate schedules": (
        "fractional α₀/(1 + d·epoch)", "step α ← α − tα", "exponential tᵉα₀", "t/√epoch·α₀", "η₀(1 + η₀λt)⁻¹",
        "manual milestones", "÷10 on a plateau", "transformer warm-up",
    ),
    "9 Initialization": (
        "zeros: no symmetry breaking", "which weights ever move: three cases",
        "small and large Gaussians on ten tanh layers", "Xavier normal 1/n", "Xavier uniform ±√6/√(dᵢₙ + dₒᵤₜ)",
        "Kaiming 2/n", "1/√columns", "small positive biases for ReLU", "U(−α, α) with α = √(3/n)",
    ),
    "11 Data and regularization": (
        "zero-centring", "per-channel normalization", "flips", "random resized crops", "ten-crop testing",
        "brightness and contrast", "rotation", "noise", "RandAugment", "TrivialAugment", "bagging", "ensembles",
        "dropout, test-time scaling", "dropout, inverted",
        "dropout of input and hidden units", "spatial dropout", "Monte-Carlo dropout", "batch norm for affine layers",
        "batch norm: train and test, running averages", "batch norm for convolutions", "layer norm", "instance norm",
        "group norm",
    ),
    "12 Convolution": (
        "1-D box filter with shrink and pad", "image filter: box", "image filter: Gaussian", "image filter: sharpen",
        "image filter: edge", "image filter: Sobel", "image filter: Scharr", "conv2d forward and backward",
        "stride, padding, groups", "output size with floor, and the illegal case", "max pooling", "average pooling",
        "global average pooling", "1×1 convolution", "affine layer as a convolution", "receptive field",
        "parameter counts", "multiplication counts",
    ),
    "16 Recurrent networks": (
        "one-to-one … many-to-many", "vanilla RNN step", "vanilla RNN sequence", "backpropagation through time",
        "exploding and vanishing from eigenvalues", "clipping", "LSTM step, gates in the order i, f, o, g",
        "LSTM sequence", "ConvLSTM", "word embedding",
    ),
    "17 Attention and transformers": (
        "scaled dot-product attention", "multi-head attention", "masks", "sinusoidal positions", "global attention",
        "local attention", "warm-up Adam", "label smoothing in training",
        "cost table: self-attention, recurrent, convolutional, restricted", "encoder–decoder transformer",
        "residual dropout", "checkpoint averaging",
    ),
}
