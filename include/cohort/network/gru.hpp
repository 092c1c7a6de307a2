#pragma once
#include <cohort/network/layer.hpp>
#include <cohort/network/recurrent.hpp>

namespace COHORT_NAMESPACE {

/// A gated recurrent unit, a layer with H numbers of memory:
///
///     r = sigmoid(x W_r + h U_r + b_r),    z = sigmoid(x W_z + h U_z + b_z)
///     n = tanh(x W_n + b_n + r (h U_n + c_n)),    y = h' = (1 - z) n + z h
///
/// W = (W_r, W_z, W_n), b and U beside each other. PyTorch's GRU is the same; it has a second bias for r and z, whose
/// sum with the first is b's.
///
/// Source: Cho et al. 2014, arXiv:1406.1078, with U_n's product inside, as cuDNN has it.
struct gru {
  int units = 64;

  static constexpr char const* kind = "gru";
  static constexpr int gates = 3, states = 1, recurrent_gates = 2;
  static constexpr bool keeps_more = true, more_is_recurrent = true;  ///< h U_n + c_n
  static void numbers(auto& self, auto const& f) { f("units", self.units); }
  void arrays(layer_extents const& in, auto const& f) const {
    detail::require(units > 0, "gru", "units", units, "a positive number");
    f("weight", in.size, 3 * units), f("bias", 1, 3 * units, 0);
    f("recurrent_weight", units, 3 * units), f("recurrent_bias", 1, units, 0);
  }

  struct forward_formula {
    template <class S>
    constexpr several<S, 4> operator()(S r, S z, S n, S m, S h) const {
      r = sigmoid(r), z = sigmoid(z), n = tanh(n + r * m);
      return {{r, z, n, n + z * (h - n)}};
    }
  };
  struct backward_formula {
    template <class S>
    constexpr several<S, 5> operator()(S r, S z, S n, S m, S h, S dy) const {
      S dn = dy * (1 - z) * (1 - n * n);
      return {{dn * m * r * (1 - r), dy * (h - n) * z * (1 - z), dn, dn * r, dy * z}};
    }
  };
  struct tangent_formula {
    template <class S>
    constexpr S operator()(S r, S z, S n, S m, S h, S dr, S dz, S dn, S dm, S dh) const {
      dr = r * (1 - r) * dr, dz = z * (1 - z) * dz, dn = (1 - n * n) * (dn + dr * m + r * dm);
      return dn + z * (dh - dn) + dz * (h - n);
    }
  };
  template <backend B>
  void step(B& b, recurrent_rows<value_t<B>> const& at) const {
    using in = in_view<B>;
    b.map(outputs{at.gate(0), at.gate(1), at.gate(2), at.y}, forward_formula{}, in(at.gate(0)), in(at.gate(1)),
          in(at.gate(2)), in(at.more), in(at.before));
  }
  template <backend B>
  void step_back(B& b, recurrent_rows<value_t<B>> const& at, recurrent_rows<value_t<B>> const& d,
                 recurrent_rows<value_t<B>> const& din) const {
    using in = in_view<B>;
    b.map(outputs{d.gate(0), d.gate(1), d.gate(2), d.more, din.before}, backward_formula{}, in(at.gate(0)),
          in(at.gate(1)), in(at.gate(2)), in(at.more), in(at.before), in(d.y));
  }
  template <backend B>
  void step_tangent(B& b, recurrent_rows<value_t<B>> const& at, recurrent_rows<value_t<B>> const& d) const {
    using in = in_view<B>;
    b.map(outputs{d.y}, tangent_formula{}, in(at.gate(0)), in(at.gate(1)), in(at.gate(2)), in(at.more), in(at.before),
          in(d.gate(0)), in(d.gate(1)), in(d.gate(2)), in(d.more), in(d.before));
  }
};

}  // namespace COHORT_NAMESPACE
