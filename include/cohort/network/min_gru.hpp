#pragma once
#include <cohort/network/layer.hpp>
#include <cohort/network/recurrent.hpp>

namespace COHORT_NAMESPACE {

/// A gated recurrent unit whose gates do not read its memory of H numbers, so that a step through time has no product:
///
///     z = sigmoid(x W_z + b_z),    n = x W_n + b_n,    y = h' = (1 - z) h + z n
///
/// W = (W_z, W_n) and b beside each other.
///
/// Source: Feng et al. 2024, "Were RNNs all we needed?", arXiv:2410.01201, section 3.1 (not the one in log space).
struct min_gru {
  int units = 64;

  static constexpr char const* kind = "min_gru";
  static constexpr int gates = 2, states = 1, recurrent_gates = 0;
  static constexpr bool keeps_more = false;
  static void numbers(auto& self, auto const& f) { f("units", self.units); }
  void arrays(layer_extents const& in, auto const& f) const {
    detail::require(units > 0, "min_gru", "units", units, "a positive number");
    f("weight", in.size, 2 * units), f("bias", 1, 2 * units, 0);
  }

  struct forward_formula {
    template <class S>
    constexpr several<S, 2> operator()(S z, S n, S h) const {
      z = sigmoid(z);
      return {{z, h + z * (n - h)}};
    }
  };
  struct backward_formula {
    template <class S>
    constexpr several<S, 3> operator()(S z, S n, S h, S dy) const {
      return {{dy * (n - h) * z * (1 - z), dy * z, dy * (1 - z)}};
    }
  };
  struct tangent_formula {
    template <class S>
    constexpr S operator()(S z, S n, S h, S dz, S dn, S dh) const {
      return dh + z * (dn - dh) + z * (1 - z) * dz * (n - h);
    }
  };
  template <backend B>
  void step(B& b, recurrent_rows<value_t<B>> const& at) const {
    using in = in_view<B>;
    b.map(outputs{at.gate(0), at.y}, forward_formula{}, in(at.gate(0)), in(at.gate(1)), in(at.before));
  }
  template <backend B>
  void step_back(B& b, recurrent_rows<value_t<B>> const& at, recurrent_rows<value_t<B>> const& d,
                 recurrent_rows<value_t<B>> const& din) const {
    using in = in_view<B>;
    b.map(outputs{d.gate(0), d.gate(1), din.before}, backward_formula{}, in(at.gate(0)), in(at.gate(1)), in(at.before),
          in(d.y));
  }
  template <backend B>
  void step_tangent(B& b, recurrent_rows<value_t<B>> const& at, recurrent_rows<value_t<B>> const& d) const {
    using in = in_view<B>;
    b.map(outputs{d.y}, tangent_formula{}, in(at.gate(0)), in(at.gate(1)), in(at.before), in(d.gate(0)), in(d.gate(1)),
          in(d.before));
  }
};

}  // namespace COHORT_NAMESPACE
