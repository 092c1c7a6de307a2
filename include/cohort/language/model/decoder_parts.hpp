#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/backend/formulas.hpp>
#include <cohort/error.hpp>
#include <utility>

// What the parts of a decoder can be.

namespace COHORT_NAMESPACE {

enum class norm_kind {
  rms,           ///< x / rms(x) w
  rms_plus_one,  ///< x / rms(x) (1 + w), Gemma's
  layer          ///< (x - mean(x)) / std(x) w + b, GPT-2's
};

enum class decoder_activation { silu, gelu_tanh, relu };

namespace detail {

/// x sigmoid(x). Elfwing et al. 2017, arXiv:1702.03118.
struct silu {
  constexpr auto operator()(auto x) const { return x * sigmoid(x); }
  /// Its value and its slope.
  template <class S>
  constexpr std::pair<S, S> with_slope(S x) const {
    S const s = sigmoid(x), value = x * s;
    return {value, s + value * (1 - s)};
  }
};

/// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. Hendrycks and Gimpel 2016, arXiv:1606.08415; transformers names
/// it gelu_pytorch_tanh and gelu_new.
struct gelu_tanh {
  static constexpr double a = .79788456080286535588, b = .044715;
  constexpr auto operator()(auto x) const { return .5 * x * (1 + tanh(a * (x + b * x * x * x))); }
  template <class S>
  constexpr std::pair<S, S> with_slope(S x) const {
    S const t = tanh(a * (x + b * x * x * x)), half = .5 * (1 + t);
    return {x * half, half + .5 * x * (1 - t * t) * a * (1 + 3 * b * x * x)};
  }
};

struct relu : relu_of {
  template <class S>
  constexpr std::pair<S, S> with_slope(S x) const {
    return {(*this)(x), relu_slope{}(S(1), x)};
  }
};

/// f of the activation's formula.
template <class F>
void with_activation(decoder_activation which, F f) {
  switch (which) {
    case decoder_activation::silu:
      return f(silu{});
    case decoder_activation::gelu_tanh:
      return f(gelu_tanh{});
    case decoder_activation::relu:
      return f(relu{});
  }
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
