#pragma once
#include <cohort/environment/spaces.hpp>
#include <cohort/policy/actor_network.hpp>
#include <cohort/policy/networks.hpp>
#include <string>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::detail {

/// What a policy of networks is, without its numbers: where what lies in its flat array, and what it was made for.
template <backend B, class Distribution, bool Critic>
class policy_shape {
 public:
  Distribution const& distribution() const { return actor_.distribution(); }
  /// Columns of an observation, with those of its action mask and of what is remembered.
  int observations() const { return actor_.observations() + memory(); }
  /// The last of them: whether a step was before it in its episode (1 or 0), what the actor's layers remember of those
  /// steps, and what the critic's do, where it has its own.
  int memory() const {
    int const all = actor_.network().memory() + memory_of_critic();
    return all > 0 ? 1 + all : 0;
  }
  bool shares_trunk() const { return joint_; }
  /// Of networks that are no plain ones, `hidden` and `activation` say nothing.
  network_options const& options() const { return options_; }
  bool has_plain_networks() const { return is_plain_; }
  std::vector<layer_description> actor_layers() const { return actor_.network().description(); }
  std::vector<layer_description> critic_layers() const { return critic_.description(); }
  /// Those of the environment that it was made for.
  environment_spaces const& spaces() const { return spaces_; }

  /// f(name, offset, rows, columns) of each array in parameters(): "actor.0.weight", inputs x outputs row by row,
  /// "actor.0.bias", ..., "critic.0.weight", ..., and "free", what no observation changes (log_std).
  template <class F>
  void for_each_array(F f) const {
    auto named = [&](std::string const& prefix, chain<B> const& network) {
      for (auto const& a : network.arrays()) f(prefix + a.name, a.first, a.rows, a.columns);
    };
    named("actor.", actor_.network());
    if (Critic && !joint_) named("critic.", critic_);
    if (int const n = distribution().free_parameters()) f(std::string("free"), free_, 1, n);
  }
  parameter_layout layout() const {
    std::vector<parameter_matrix> all;
    auto add = [&](parameter_matrix const& m) { all.push_back(m); };
    actor_.network().for_each_matrix(add);
    if (Critic && !joint_) critic_.for_each_matrix(add);
    return {size(), std::move(all)};
  }
  /// The critic's part of an array like parameters(), where it has layers of its own.
  template <class U>
  view<U> critic_part(view<U> all) const {
    return all.part(actor_.network().end(), free_ - actor_.network().end());
  }

 protected:
  using T = value_t<B>;

  policy_shape(Distribution const& distribution, network_plan<B> const& plan, bool masked)
      : options_(plan.options),
        is_plain_(plan.is_plain),
        joint_(Critic && options_.trunk == trunk::shared),
        actor_(distribution, {plan.actor, distribution.parameters() + joint_, 0}, masked),
        critic_(plan.critic, 1, actor_.network().end()),
        free_(Critic && !joint_ ? critic_.end() : actor_.network().end()) {
    if (!options_.normalize_observations) return;
    options_.normalize_observations->check();
    if (has_embedding(actor_layers()) || has_embedding(critic_layers()))
      throw value_error(
          "policy: an embedding reads choices as they are, and normalize_observations changes them: expected one of "
          "both");
  }

  /// The parameters that it begins with.
  std::vector<T> initial(B& backend, random_seed s) const {
    chain<B> const& of_actor = actor_.network();
    int P = distribution().parameters();
    std::vector<T> start(std::size_t(size()), T(options_.log_std));
    std::vector<double> gains(std::size_t(P), options_.policy_gain);
    gains.resize(std::size_t(of_actor.outputs()), options_.value_gain);
    auto initialize = [&](chain<B> const& network, std::vector<double> const& of_last) {
      if (options_.weights == initial_weights::uniform) network.initialize_uniform(start, s.value);
      else network.initialize(backend, start, of_last, s.value);
    };
    initialize(of_actor, gains);
    if constexpr (requires { distribution().start(0, options_.log_std); })
      for (int p = 0; p < P; ++p)
        start[std::size_t(of_actor.end() - of_actor.outputs() + p)] = T(distribution().start(p, options_.log_std));
    if (Critic && !joint_) initialize(critic_, {options_.value_gain});
    return start;
  }
  int memory_of_critic() const { return Critic && !joint_ ? critic_.memory() : 0; }
  std::ptrdiff_t size() const { return free_ + distribution().free_parameters(); }  ///< parameters
  view<T> value_column(view<T> out) const { return out.column(distribution().parameters()); }
  template <class U>
  view<U> free(view<U> all) const {
    return all.part(free_, distribution().free_parameters());
  }

  network_options options_;
  environment_spaces spaces_;
  bool is_plain_, joint_;
  actor_network<B, Distribution> actor_;
  chain<B> critic_;  // without numbers where there is no critic, or it has the actor's layers
  std::ptrdiff_t free_;
};

}  // namespace COHORT_NAMESPACE::detail
