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

/// What a policy does in one observation, recorded for the header's test of itself.
template <backend B, class Policy>
header_example example_of(B& backend, Policy& policy, std::size_t seen, std::size_t actions) {
  using T = value_t<B>;
  using action = typename Policy::action;
  header_example x;
  std::vector<T> observation;
  for (std::size_t d = 0; d < seen; ++d) {
    x.observation.push_back(float(int(d * 7 % 11) - 5) / 8);  // exact in any type
    observation.push_back(T(x.observation.back()));
  }
  std::vector<action> taken(std::size_t(policy.distribution().action_width()));
  typename B::template array<T> in;
  typename B::template array<action> out;
  backend.assign(in, std::span<T const>(observation));
  backend.resize(out, std::ptrdiff_t(taken.size()));
  policy.act_deterministic(backend, in.matrix(1, std::ptrdiff_t(seen)), out.matrix(1, std::ptrdiff_t(taken.size())));
  backend.download(std::span<action>(taken), view<action const>(out.all()));
  x.action.assign(taken.begin(), taken.begin() + std::ptrdiff_t(actions));
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
/// Raises value_error, with nothing written, for a name that is none, for a policy with an action mask, without an
/// environment, or with a distribution whose most probable action it cannot write (it has those of this library),
/// not_finite_error for numbers that are not finite, io_error for the file.
template <backend B, class Policy>
void export_header(B& backend, Policy& policy, std::filesystem::path const& path, header_options const& o = {}) {
  if (!detail::is_name(o.name))
    throw value_error("export_header: name is '" + o.name + "', expected a C++ name: letters, digits and _");
  auto const actor = detail::exported(backend, policy, "export_header", "a header");
  auto const example =
      detail::example_of(backend, policy, actor.spaces.observations.size(), actor.spaces.actions.size());
  file::write_text(path, detail::header_text(actor, example, o.name), o.what);
}

}  // namespace COHORT_NAMESPACE
