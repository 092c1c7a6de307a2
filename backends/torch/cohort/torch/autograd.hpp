#pragma once
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <cohort/objective/series_sums.hpp>
#include <cohort/torch/array.hpp>
#include <cohort/torch/scalar.hpp>

namespace COHORT_NAMESPACE::torch {

namespace detail {

/// F under autograd, with a gradient of 0 wherever 0 arrives: torch's own is 0 times the slope there, a NaN where the
/// slope is infinite. So what a select discards stays discarded.
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
    for (auto const& t : in)
      result.push_back(t.requires_grad() ? at::masked_fill(slopes[k++], nothing, 0) : at::Tensor());
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

/// The terms of steps as tensors, of one shape and number type; what an objective does not read may be undefined, and
/// so may `valid` (bools). series_of (integers, the series of each step) is for objectives of series.
using step_tensors = step_arrays<at::Tensor, at::Tensor, at::Tensor>;

namespace detail {

/// The sum of x over each series, for each of its steps.
inline at::Tensor along_series(at::Tensor const& x, at::Tensor const& series_of) {
  auto index = series_of.reshape({-1}).to(at::kLong);
  auto sums = at::zeros({index.numel() > 0 ? index.max().item<std::int64_t>() + 1 : 0}, x.options())
                  .index_add(0, index, x.reshape({-1}));
  return sums.index_select(0, index).view(x.sizes());
}

/// One term of an objective; `any` is a tensor of the shape that all have.
template <class T, class Leaf>
at::Tensor losses_of_term(Leaf const& leaf, step_terms<graph_scalar<T>> const& at, at::Tensor const& any,
                          at::Tensor const& series_of, at::Tensor const& valid) {
  auto as_tensor = [&](graph_scalar<T> const& x) { return x.is_number() ? at::full_like(any, x.number) : x.tensor; };
  graph_scalar<T> loss;
  if constexpr (cohort::detail::is_of_series<Leaf>) {
    if (!series_of.defined())
      throw value_error(
          "the objective has a term of series, and these tensors do not say which series their steps belong to "
          "(series_of)");
    auto counted = [&](at::Tensor const& x) {
      return valid.defined() ? at::masked_fill(x, at::logical_not(valid), 0) : x;
    };
    series_terms<graph_scalar<T>> terms{at};
    terms.total = along_series(counted(as_tensor(cohort::detail::step_of(leaf.term, at))), series_of);
    terms.length = at::clamp_min(along_series(counted(at::ones_like(any)), series_of), 1);
    loss = leaf.term(terms);
  } else {
    loss = leaf.term(at);
  }
  return as_tensor(leaf.factor * loss);
}

template <class T, class O>
at::Tensor losses_of(O const& o, step_tensors const& in) {
  at::Tensor const& valid = in.valid;
  unsigned needed = terms_read_by(o);
  at::Tensor first;
  graph_scalar<T> terms[cohort::detail::term_count];
  for (int k = 0; k < cohort::detail::term_count; ++k) {
    if (!(needed >> k & 1)) continue;
    at::Tensor const& t = in.*cohort::detail::term_members<step_tensors>()[std::size_t(k)];
    char const* name = cohort::detail::terms_of_step[k].name;
    if (!t.defined())
      throw value_error(std::string("the objective reads ") + name + ", which these tensors do not have");
    if (!first.defined()) first = t;
    if (t.scalar_type() != scalar_type<T> || t.device() != first.device() || t.sizes() != first.sizes())
      throw shape_error(std::string("torch::losses: ") + name + " is " + described(t) +
                        ", expected it as the others: " + described(first));
    // Before the formula, not after it: what is computed from a NaN has NaN gradients, whatever is made of it later.
    terms[k] = valid.defined() ? at::masked_fill(t, at::logical_not(valid), 0) : t;
  }
  if (!first.defined()) first = in.logp.defined() ? in.logp : in.value.defined() ? in.value : in.entropy;
  auto at = cohort::detail::make_terms<graph_scalar<T>>([&](int k) -> graph_scalar<T> const& { return terms[k]; });
  at::Tensor total = at::zeros_like(first);
  cohort::detail::each_leaf(
      o, [&](auto const& leaf) { total = total + losses_of_term<T>(leaf, at, first, in.series_of, valid); });
  return valid.defined() ? at::masked_fill(total, at::logical_not(valid), 0) : total;
}

}  // namespace detail

/// The loss of each step as a tensor that autograd differentiates: for training loops written in torch, and an oracle
/// for the duals. Steps that are not valid have loss and gradient 0, whatever their numbers.
///
/// Raises value_error for a term that the objective reads and that is undefined, shape_error for terms of different
/// shapes, types or devices.
template <objective O>
at::Tensor losses(O const& o, step_tensors const& in) {
  for (auto const* t : {&in.logp, &in.value, &in.entropy})
    if (t->defined())
      return t->scalar_type() == at::kDouble ? detail::losses_of<double>(o, in) : detail::losses_of<float>(o, in);
  throw value_error("torch::losses: none of logp, value and entropy is defined");
}

}  // namespace COHORT_NAMESPACE::torch
