// Models of Debian's libonnx-testdata that ONNX Runtime 1.27 does not pass, by why. A pattern stands
// for all models it matches, and each of those must fail with these words: what passes, or fails in
// another way, is a change somebody should know of.

export const known = [
    { why: 'operators for training, which the engine does not have', words: /preview\.training/,
        models: /^node\/test_(adagrad|adam|momentum|nesterov_momentum)|^simple\/test_gradient_of/ },
    { why: 'operators of an opset below 7, which the engine does not have', words: /Could not find an implementation for \w+\([16]\)/,
        models: /^pytorch-converted\/test_(AvgPool|BatchNorm|GLU|Linear$|PReLU|PoissonNLLLLoss|Softsign)|^pytorch-operator\/test_operator_(add|basic|mm$|non_float_params|params|pow)/ },
    { why: 'an element type for which the engine has no such operator', words: /Could not find an implementation for \w+\(1[135]\)/,
        models: /^node\/test_(bitshift_(left|right)_uint16|(max|min)_u?int16|pow_types_float32_uint(32|64))$/ },
    { why: 'recurrent networks with the batch first, which the engine does not have', words: /Batchwise recurrent/,
        models: /^node\/test_(gru|lstm|simple_rnn)_batchwise$/ },
    { why: 'an input that the C API cannot make: an empty sequence or optional', words: /Number of values should be at least 1/,
        models: /^node\/test_(loop13_seq|optional_has_element_empty)$/ },
    { why: 'the outputs are random', words: /differ/, models: /^node\/test_(bernoulli|training_dropout_(default|default_mask|mask)$|training_dropout$)/ },
    { why: 'the test data has bfloat16 as numbers of another shape or rounding', words: /Invalid rank for input: like|differ/,
        models: /^node\/test_(castlike_BFLOAT16_to_FLOAT|cast(like)?_FLOAT_to_BFLOAT16)(_expanded)?$/ },
    { why: 'one digit more in a number made a text', words: /texts differ/, models: /^node\/test_cast(like)?_FLOAT_to_STRING(_expanded)?$/ },
    { why: 'noise of 1e-4 or less where zero is expected', words: /here, 0 there/, models: /^node\/test_(dft|dft_axis|dft_inverse|stft|stft_with_window)$/ },
    { why: 'the engine computes something else', words: /differ/,
        models: /^node\/test_(maxunpool_export_with_output_shape|resize_downsample_scales_(cubic|linear)_align_corners)$/ },
];
/** Depends on the machine: the engine asks the C library for the locale en_US.UTF-8. */
export const maybe = { why: 'needs the locale en_US.UTF-8', words: /locale/, models: /^(node\/test_strnormalizer|simple\/test_strnorm)_/ };
