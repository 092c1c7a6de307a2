#pragma once
#include <cohort/network/layer.hpp>
#include <cohort/network/recurrent.hpp>

namespace COHORT_NAMESPACE {

/// A long short-term memory, a layer with 2 H numbers of memory, h and c:
///
///     i, f, o = sigmoid(x W_ifo + h U_ifo + b_ifo),    g = tanh(x W_g + h U_g + b_g)
///     c' = f c + i g,    y = h' = o tanh(c')
///
/// W = (W_i, W_f, W_g, W_o), b and U beside each other. PyTorch's LSTM is the same; its two biases' sum is b.
///
/// Source: Hochreiter and Schmidhuber 1997, Neural Computation 9, 1735; Gers et al. 2000, Neural Computation 12, 2451.
struct lstm {
  int units = 64;

  static constexpr char const* kind = "lstm";
  static constexpr int gates = 4, states = 2;
  static constexpr bool keeps_more = true;  ///< c'
  static void numbers(auto& self, auto const& f) { f("units", self.units); }
  void arrays(layer_extents const& in, auto const& f) const {
    detail::require(units > 0, "lstm", "units", units, "a positive number");
    f("weight", in.size, 4 * units), f("bias", 1, 4 * units, 0), f("recurrent_weight", units, 4 * units);
  }

  struct forward_formula {
    template <class S>
    constexpr several<S, 6> operator()(S i, S f, S g, S o, S c) const {
      i = sigmoid(i), f = sigmoid(f), g = tanh(g), o = sigmoid(o), c = f * c + i * g;
      return {{i, f, g, o, o * tanh(c), c}};
    }
  };
  struct backward_formula {
    template <class S>
    constexpr several<S, 6> operator()(S i, S f, S g, S o, S c, S after, S dy, S dafter) const {
      S t = tanh(after), dc = dafter + dy * o * (1 - t * t);
      return {{dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g), dy * t * o * (1 - o), S(0), dc * f}};
    }
  };
  struct tangent_formula {
    template <class S>
    constexpr several<S, 2> operator()(S i, S f, S g, S o, S c, S after, S di, S df, S dg, S d_o, S dc) const {
      S t = tanh(after);
      dc = f * (1 - f) * df * c + f * dc + i * (1 - i) * di * g + i * (1 - g * g) * dg;
      return {{o * (1 - o) * d_o * t + o * (1 - t * t) * dc, dc}};
    }
  };
  template <backend B>
  void step(B& b, recurrent_rows<value_t<B>> const& at) const {
    using in = in_view<B>;
    b.map(outputs{at.gate(0), at.gate(1), at.gate(2), at.gate(3), at.y, at.more}, forward_formula{}, in(at.gate(0)),
          in(at.gate(1)), in(at.gate(2)), in(at.gate(3)), in(at.state_before(1)));
  }
  template <backend B>
  void step_back(B& b, recurrent_rows<value_t<B>> const& at, recurrent_rows<value_t<B>> const& d,
                 recurrent_rows<value_t<B>> const& din) const {
    using in = in_view<B>;
    b.map(outputs{d.gate(0), d.gate(1), d.gate(2), d.gate(3), din.state_before(0), din.state_before(1)},
          backward_formula{}, in(at.gate(0)), in(at.gate(1)), in(at.gate(2)), in(at.gate(3)), in(at.state_before(1)),
          in(at.more), in(d.y), in(d.more));
  }
  template <backend B>
  void step_tangent(B& b, recurrent_rows<value_t<B>> const& at, recurrent_rows<value_t<B>> const& d) const {
    using in = in_view<B>;
    b.map(outputs{d.y, d.more}, tangent_formula{}, in(at.gate(0)), in(at.gate(1)), in(at.gate(2)), in(at.gate(3)),
          in(at.state_before(1)), in(at.more), in(d.gate(0)), in(d.gate(1)), in(d.gate(2)), in(d.gate(3)),
          in(d.state_before(1)));
  }
};

}  // namespace COHORT_NAMESPACE
