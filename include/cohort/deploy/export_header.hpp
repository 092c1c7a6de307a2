#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/deploy/header_text.hpp>
#include <cohort/file/new_file.hpp>
#include <string>

namespace COHORT_NAMESPACE {

struct header_options {
  std::string name = "controller";  ///< the namespace in the header
  existing what = existing::replace;
};

namespace detail {

/// What a policy does in one observation, recorded for the header's test of itself; where actions are masked, also when
/// what it did is forbidden, and where it remembers, in it again and again.
template <backend B, class Policy>
header_examples examples_of(B& backend, Policy& policy, exported_actor const& actor) {
  using T = value_t<B>;
  using action = typename Policy::action;
  policy_memory<B, Policy> const memory(policy);
  header_examples x;
  std::vector<T> seen(std::size_t(policy.observations() - memory.columns()), T(1));
  std::size_t const D = actor.spaces.observations.size();
  for (std::size_t d = 0; d < D; ++d) {
    x.observation.push_back(float(int(d * 7 % 11) - 5) / 8);  // exact in any type
    seen[d] = T(x.observation.back());
  }
  std::vector<action> taken(std::size_t(policy.distribution().action_width()));
  typename B::template array<T> in;
  typename B::template array<action> out;
  backend.resize(in, policy.observations());
  backend.resize(out, std::ptrdiff_t(taken.size()));
  auto const row = in.matrix(1, policy.observations());
  memory.forget(backend, row);
  auto look = [&] {
    backend.upload(memory.seen(row), std::span<T const>(seen));
    policy.act_deterministic(backend, view<T const>(row), out.matrix(1, std::ptrdiff_t(taken.size())));
    memory.remember(backend, policy, view<T const>(row), row);
    backend.download(std::span<action>(taken), view<action const>(out.all()));
    x.masks.emplace_back(seen.begin() + std::ptrdiff_t(D), seen.begin() + std::ptrdiff_t(D) + actor.masks);
    x.actions.emplace_back(taken.begin(), taken.begin() + std::ptrdiff_t(actor.spaces.actions.size()));
  };
  look();
  for (std::size_t first = D, k = 0; actor.masks && k < x.actions[0].size(); ++k) {
    seen[first + std::size_t(x.actions[0][k])] = 0;
    first += std::size_t(actor.spaces.actions.n[k]);
  }
  if (actor.masks) look();
  for (int again = 0; remembered_numbers(actor) > 0 && again < 3; ++again) look();
  return x;
}

}  // namespace detail

/// Writes a policy's most probable actions as one C++17 header for programs that know nothing of Cohort: weights as
/// arrays, no include but <cmath>, nothing allocated, no exceptions, a self-test with what this policy did. Its actions
/// are the policy's to 1e-6.
///
///     export_header(cpu, policy, "controller.hpp");
///     ...
///     #include "controller.hpp"
///     int const push = controller::act(observation);          // discrete; of others: act(observation, action)
///
/// Where the environment has an action mask, it is the second argument: controller::mask_size bools, true where an
/// action is allowed. A choice or bit of which it allows nothing is 0.
///
/// Where the policy remembers, its memory is the last argument before the action: a controller::memory, which the
/// caller keeps from step to step, and makes anew where an episode begins.
///
/// Raises value_error, with nothing written, for a name that is none, for a policy without an environment, or with a
/// distribution whose most probable action it cannot write (it has those of this library), not_finite_error for numbers
/// that are not finite, io_error for the file.
template <backend B, class Policy>
void export_header(B& backend, Policy& policy, std::filesystem::path const& path, header_options const& o = {}) {
  if (!detail::is_name(o.name))
    throw value_error("export_header: name is '" + o.name + "', expected a C++ name: letters, digits and _");
  auto const actor = detail::exported(backend, policy, "export_header", "a header", true);
  file::write_text(path, detail::header_text(actor, detail::examples_of(backend, policy, actor), o.name), o.what);
}

}  // namespace COHORT_NAMESPACE
