#pragma once
#include <cohort/objective/concept.hpp>
#include <cohort/torch/array.hpp>
#include <cohort/torch/scalar.hpp>
#include <torch/torch.h>

namespace cohort::torch {

namespace detail {

/// F under autograd, with a gradient of 0 wherever 0 arrives: torch's own is 0 times the slope there, a NaN where the slope is infinite. So what a
/// select discards stays discarded.
template <class F>
struct guarded : ::torch::autograd::Function<guarded<F>> {
  using context = ::torch::autograd::AutogradContext;
  using tensors = ::torch::autograd::variable_list;

  template <class... Tensor>
  static at::Tensor forward(context* c, Tensor const&... in) {
    c->save_for_backward({in...});
    return F{}(in...);
  }
  static tensors backward(context* c, tensors arriving) {
    at::AutoGradMode on(true);
    tensors in, differentiable, result;
    for (auto const& t : c->get_saved_variables()) {
      in.push_back(t.detach());
      if (t.requires_grad()) differentiable.push_back(in.back().requires_grad_());
    }
    auto slopes = ::torch::autograd::grad({call(in)}, differentiable, {arriving[0]});
    auto nothing = at::eq(arriving[0], 0);
    std::size_t k = 0;
    for (auto const& t : in) result.push_back(t.requires_grad() ? at::masked_fill(slopes[k++], nothing, 0) : at::Tensor());
    return result;
  }

 private:
  static at::Tensor call(tensors const& in) {
    if constexpr (std::is_invocable_v<F, at::Tensor const&>) return F{}(in[0]);
    else return F{}(in[0], in[1]);
  }
};

}  // namespace detail

/// How formulas are applied to tensors that autograd follows.
struct tracked {
  template <class F, class... Tensor>
  static at::Tensor apply(F f, Tensor const&... t) {
    if (!at::GradMode::is_enabled() || !(t.requires_grad() || ...)) return f(t...);
    return detail::guarded<F>::apply(t...);
  }
};

/// A formula's number as a tensor of a graph.
template <class T>
using graph_scalar = tensor_scalar<T, tracked>;

/// The terms of steps as tensors, of one shape and number type; what an objective does not read may be undefined.
struct step_tensors {
  at::Tensor sampler_logp{}, old_logp{}, logp{}, ref_logp{}, advantage{}, entropy{}, value{}, old_value{}, target{};
};

namespace detail {

template <class T, class O>
at::Tensor losses_of(O const& o, step_tensors const& in, at::Tensor const& valid) {
  at::Tensor const* given[] = {&in.sampler_logp, &in.old_logp, &in.logp, &in.ref_logp, &in.advantage, &in.entropy, &in.value, &in.old_value, &in.target};
  static constexpr char const* names[] = {"sampler_logp", "old_logp", "logp", "ref_logp", "advantage", "entropy", "value", "old_value", "target"};
  unsigned needed = terms_read_by(o);
  at::Tensor first;
  graph_scalar<T> terms[9];
  for (int k = 0; k < 9; ++k) {
    if (!(needed >> k & 1)) continue;
    at::Tensor const& t = *given[k];
    if (!t.defined()) throw value_error(std::string("the objective reads ") + names[k] + ", which these tensors do not have");
    if (!first.defined()) first = t;
    if (t.scalar_type() != scalar_type<T> || t.device() != first.device() || t.sizes() != first.sizes())
      throw shape_error(std::string("torch::losses: ") + names[k] + " is " + described(t) + ", expected it as the others: " + described(first));
    // Before the formula, not after it: what is computed from a NaN has NaN gradients, whatever is made of it later.
    terms[k] = valid.defined() ? at::masked_fill(t, at::logical_not(valid), 0) : t;
  }
  step_terms<graph_scalar<T>> at{terms[0], terms[1], terms[2], terms[3], terms[4], terms[5], terms[6], terms[7], terms[8]};
  graph_scalar<T> loss = o(at);
  if (loss.is_number()) return first.defined() ? at::full_like(first, loss.number) : at::full({}, loss.number, at::TensorOptions(scalar_type<T>));
  return valid.defined() ? at::masked_fill(loss.tensor, at::logical_not(valid), 0) : loss.tensor;
}

}  // namespace detail

/// The loss of each step as a tensor that autograd differentiates: for training loops written in torch, and an oracle for the duals. Steps that are
/// not valid (a tensor of bools; undefined: all are) have loss and gradient 0, whatever their numbers.
///
/// Raises value_error for a term that the objective reads and that is undefined, shape_error for terms of different shapes, types or devices.
template <objective O>
at::Tensor losses(O const& o, step_tensors const& in, at::Tensor const& valid = {}) {
  for (auto const* t : {&in.logp, &in.value, &in.entropy})
    if (t->defined()) return t->scalar_type() == at::kDouble ? detail::losses_of<double>(o, in, valid) : detail::losses_of<float>(o, in, valid);
  throw value_error("torch::losses: none of logp, value and entropy is defined");
}

}  // namespace cohort::torch
