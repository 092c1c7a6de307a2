#pragma once
#include <torch/csrc/autograd/autograd.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <cohort/backend/torch.hpp>
#include <cohort/policy/policy.hpp>
#include <memory>

namespace COHORT_NAMESPACE::torch {

/// What the forward of a policy's module gives for R observations: logits (R x actions) or means (R x dimensions),
/// log_std (dimensions, or R x dimensions; none for discrete actions) and value (R, or R x 1; a module without one says
/// `static constexpr bool has_value = false`). A module may as well return a tensor (logits alone) or a pair of tensors
/// (logits and value).
struct module_output {
  at::Tensor parameters{}, log_std{}, value{};

  module_output() = default;
  module_output(at::Tensor logits) : parameters(std::move(logits)) {}
  module_output(std::pair<at::Tensor, at::Tensor> both)
      : parameters(std::move(both.first)), value(std::move(both.second)) {}
  module_output(std::tuple<at::Tensor, at::Tensor> const& both)
      : parameters(std::get<0>(both)), value(std::get<1>(both)) {}
  module_output(at::Tensor mean, at::Tensor log_std, at::Tensor value = {})
      : parameters(std::move(mean)), log_std(std::move(log_std)), value(std::move(value)) {}
};

namespace detail {

/// Whether forward gives a value: said by the module's `has_value` if it has one, else by whether it returns more than
/// a tensor.
template <class Module>
constexpr bool gives_value() {
  if constexpr (requires { Module::has_value; }) return Module::has_value;
  else return !std::is_convertible_v<decltype(std::declval<Module&>().forward(at::Tensor())), at::Tensor>;
}

/// A module's parameters in one flat tensor: each becomes a part of it, and each gradient a part of another.
template <class T>
class flat_parameters {
 public:
  flat_parameters(::torch::nn::Module& module, at::Device device) {
    std::int64_t n = 0;
    for (auto const& named : module.named_parameters()) {
      at::Tensor const& p = named.value();
      if (p.scalar_type() != scalar_type<T> || p.device().type() != device.type())
        throw value_error("torch_policy: the parameter " + named.key() + " is " + described(p) + ", expected " +
                          c10::toString(scalar_type<T>) + " on " + device.str());
      n += p.numel();
    }
    if (n == 0) throw value_error("torch_policy: the module has no parameters");
    auto options = at::TensorOptions(scalar_type<T>).device(device);
    values_ = at::empty({n}, options);
    gradient_ = at::zeros({n}, options);
    std::int64_t at = 0;
    for (auto& p : module.parameters()) {
      auto part = values_.narrow(0, at, p.numel()).view(p.sizes());
      part.copy_(p.detach());
      p.set_data(part);
      p.mutable_grad() = gradient_.narrow(0, at, p.numel()).view(p.sizes());
      at += p.numel();
    }
  }
  at::Tensor const& values() const { return values_; }
  at::Tensor const& gradient() const { return gradient_; }

 private:
  at::Tensor values_, gradient_;
};

template <class T>
view<T> flat_view(at::Tensor const& t) {
  return {static_cast<T*>(t.data_ptr()), t.numel()};
}

}  // namespace detail

/// Any module as a policy: its own forward on R x D observations, its own parameters, trained by Cohort's optimizers or
/// torch's (torch/optimizer.hpp). The module's parameters move into one flat array, which parameters() shows; nothing
/// else of it changes. An environment's action mask is applied to the logits that it gives.
///
///     auto policy = torch::torch_policy{backend, environment, my_module};    // a std::shared_ptr or a ModuleHolder
///
/// Raises value_error for parameters of another number type or on another device than the backend's, shape_error where
/// forward gives other shapes.
template <class Module, class Distribution, class T = float>
class torch_policy {
 public:
  using B = basic_backend<T>;
  using distribution_type = Distribution;
  using action = typename Distribution::action;
  static constexpr bool has_critic = detail::gives_value<Module>();

  struct evaluation {
    view<T const> logp, entropy, value;
  };

  /// With `masked`, behind each row's `observations` numbers stands an action mask, mask_size(distribution) of them.
  torch_policy(B& backend, Distribution distribution, int observations, std::shared_ptr<Module> module,
               bool masked = false)
      : distribution_(distribution),
        observations_(observations),
        masks_(cohort::detail::mask_columns_of<B>("torch_policy", distribution, masked)),
        module_(std::move(module)),
        flat_(*module_, backend.device()) {}
  template <environment E>
  torch_policy(B& backend, E const& e, std::shared_ptr<Module> module)
      : torch_policy(backend, cohort::detail::distribution_of<T>(e), cohort::detail::observations_in(e),
                     std::move(module), cohort::detail::masked_in(e)) {}
  template <environment E>
  torch_policy(B& backend, E const& e, ::torch::nn::ModuleHolder<Module> const& module)
      : torch_policy(backend, e, module.ptr()) {}

  Module& module() { return *module_; }
  Distribution const& distribution() const { return distribution_; }
  int observations() const { return observations_ + masks_; }
  view<T> parameters() { return detail::flat_view<T>(flat_.values()); }
  view<T const> parameters() const { return detail::flat_view<T>(flat_.values()); }
  view<T> gradient() { return detail::flat_view<T>(flat_.gradient()); }
  /// The flat tensors themselves, for optimizers of torch.
  at::Tensor const& parameter_tensor() const { return flat_.values(); }
  at::Tensor const& gradient_tensor() const { return flat_.gradient(); }

  void act(B& backend, view<T const> observation, stream_id s, int G, view<action> out, view<T> logp) {
    at::NoGradGuard off;
    auto now = forward(backend, observation);
    distribution_.sample(backend, s, matrix(now.read), matrix(now.log_std), G, out, logp);
  }
  void act_deterministic(B& backend, view<T const> observation, view<action> out) {
    at::NoGradGuard off;
    auto now = forward(backend, observation);
    distribution_.mode(backend, matrix(now.read), matrix(now.log_std), out);
  }
  void value(B& backend, view<T const> observation, view<T> out)
    requires has_critic
  {
    at::NoGradGuard off;
    backend.tensor(out).copy_(forward(backend, observation).value);
  }
  /// Under other parameters of the same module, such as a frozen reference's: they take the module's place for this
  /// call.
  void log_probability(B& backend, view<T const> parameters, view<T const> observation, view<action const> a, int G,
                       view<T> logp) {
    at::NoGradGuard off;
    auto own = flat_.values().clone();
    flat_.values().copy_(backend.tensor(parameters));
    auto entropy = backend.template temporary<T>(observation.rows * G);
    auto now = forward(backend, observation);
    distribution_.evaluate(backend, matrix(now.read), matrix(now.log_std), a, G, logp,
                           entropy.matrix(observation.rows, G));
    flat_.values().copy_(own);
  }

  evaluation evaluate(B& backend, view<T const> observation, view<action const> a, int G) {
    std::ptrdiff_t R = observation.rows;
    at::AutoGradMode on(true);
    now_ = forward(backend, observation);
    action_ = a;
    G_ = G;
    backend.resize(results_, 3 * R * G);
    auto result = [&](int k) { return view<T>(results_.data() + k * R * G, R, G); };
    distribution_.evaluate(backend, matrix(now_.read), matrix(now_.log_std), a, G, result(0), result(1));
    if constexpr (has_critic)
      backend.tensor(view<T>(result(2).reshaped(R, G))).view({R, G}).copy_(now_.value.detach().unsqueeze(1));
    auto flat = [&](int k) { return view<T const>(result(k).reshaped(R * G)); };
    return {flat(0), flat(1), has_critic ? flat(2) : view<T const>{}};
  }

  /// Overwrites gradient() with that of the loss whose derivatives with respect to logp, entropy and value (R G each)
  /// are given. The distribution's part is Cohort's own, the module's is autograd's.
  void backward(B& backend, view<T const> dlogp, view<T const> dentropy, view<T const> dvalue) {
    std::ptrdiff_t R = now_.parameters.size(0);
    auto rows = [&](view<T const> v) { return v.reshaped(R, G_); };
    flat_.gradient().zero_();
    auto dparameters = at::empty_like(now_.parameters, at::MemoryFormat::Contiguous);
    auto dlog_std = now_.log_std.defined() ? at::empty_like(now_.log_std, at::MemoryFormat::Contiguous) : at::Tensor();
    distribution_.backward(backend, matrix(now_.read), matrix(now_.log_std), action_, G_, rows(dlogp), rows(dentropy),
                           room(dparameters), room(dlog_std));
    std::vector<at::Tensor> from{now_.parameters}, with{dparameters};
    if (dlog_std.defined() && now_.log_std.requires_grad()) from.push_back(now_.log_std), with.push_back(dlog_std);
    if constexpr (has_critic)
      from.push_back(now_.value), with.push_back(at::sum(backend.tensor(rows(dvalue)).view({R, G_}), 1));
    ::torch::autograd::backward(from, with);
  }

 private:
  /// `read` is what the distribution is given: the parameters, or of forbidden actions -inf in their place.
  struct forward_pass : module_output {
    at::Tensor read;
  };
  forward_pass forward(B& backend, view<T const> observation) {
    view<T const> inputs = observation.columns_part(0, observations_);
    view<T> given(const_cast<T*>(inputs.data), inputs.rows, inputs.columns, inputs.row_stride, inputs.column_stride);
    forward_pass now{module_output(module_->forward(backend.tensor(given).view({inputs.rows, inputs.columns}))), {}};
    std::int64_t R = observation.rows, P = distribution_.parameters();
    check(now.parameters, "logits or means", R, P);
    if (!now.parameters.is_contiguous()) now.parameters = now.parameters.contiguous();
    now.read = now.parameters;
    if constexpr (maskable<Distribution, B>)
      if (masks_ > 0) {
        now.read = now.parameters.detach().clone();
        mask_actions(backend, distribution_, observation.columns_part(observations_, masks_), room(now.read));
      }
    if (distribution_.free_parameters() > 0) {
      if (!now.log_std.defined())
        throw shape_error("torch_policy: the module's forward gives no log_std, which box actions need");
      if (now.log_std.dim() == 2) check(now.log_std, "log_std", R, P);
      else check(now.log_std.unsqueeze(0), "log_std", 1, P);
      now.log_std = now.log_std.contiguous();
    }
    if constexpr (has_critic) {
      if (!now.value.defined() || now.value.numel() != R)
        throw shape_error("torch_policy: the module's value is " +
                          (now.value.defined() ? detail::described(now.value) : std::string("undefined")) +
                          ", expected one number for each of " + std::to_string(R) + " observations");
      now.value = now.value.reshape({R});
    }
    return now;
  }
  static void check(at::Tensor const& t, char const* what, std::int64_t rows, std::int64_t columns) {
    if (t.defined() && t.dim() == 2 && t.size(0) == rows && t.size(1) == columns && t.scalar_type() == scalar_type<T>)
      return;
    throw shape_error("torch_policy: the module's " + std::string(what) + " are " +
                      (t.defined() ? detail::described(t) : std::string("undefined")) + ", expected " +
                      c10::toString(scalar_type<T>) + " [" + std::to_string(rows) + ", " + std::to_string(columns) +
                      "]");
  }
  static view<T const> matrix(at::Tensor const& t) {
    if (!t.defined()) return {};
    return t.dim() == 1 ? view<T const>(static_cast<T const*>(t.data_ptr()), t.size(0))
                        : view<T const>(static_cast<T const*>(t.data_ptr()), t.size(0), t.size(1));
  }
  static view<T> room(at::Tensor const& t) {
    view<T const> v = matrix(t);
    return {const_cast<T*>(v.data), v.rows, v.columns};
  }

  Distribution distribution_;
  int observations_, masks_;
  std::shared_ptr<Module> module_;
  detail::flat_parameters<T> flat_;
  forward_pass now_;
  array<T> results_;
  view<action const> action_;
  int G_ = 1;
};
template <class T, class E, class Module>
torch_policy(basic_backend<T>&, E const&, std::shared_ptr<Module>)
    -> torch_policy<Module, cohort::detail::distribution_for<basic_backend<T>, E>, T>;
template <class T, class E, class Module>
torch_policy(basic_backend<T>&, E const&, ::torch::nn::ModuleHolder<Module> const&)
    -> torch_policy<Module, cohort::detail::distribution_for<basic_backend<T>, E>, T>;

}  // namespace COHORT_NAMESPACE::torch
