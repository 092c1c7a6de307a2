#pragma once
#include <cohort/advantage/group_members.hpp>
#include <cohort/backend/copies.hpp>
#include <cohort/describe/about.hpp>

// What may be done to the rewards of a rollout before advantages are estimated from them: f(backend, state, batch,
// rewards) in place, K x M rewards as in batch_view. The state is what it remembers from one rollout to the next.

namespace COHORT_NAMESPACE {

/// Rewards stay as they are.
struct raw_reward {
  static constexpr about notes{"raw_reward", "r", "nothing is done", ""};
  struct nothing {
    void persist(auto const&) {}
  };
  template <backend B>
  nothing start(B&) const {
    return {};
  }
  template <backend B, class T = value_t<B>>
  void operator()(B&, nothing&, batch_view<T> const&, view<T>) const {}
};

/// Among which rewards one is compared: all of the rollout, or those of its group (of the actions tried from one state,
/// where there are probes).
enum class reward_scope { batch, group };

/// Rewards brought to mean 0 and standard deviation 1 within one rollout:
///
///     r <- clamp((r - mean) / (std + epsilon), +-clip),
///     with how.baseline = none: r <- clamp(r / (std + epsilon), +-clip)
///
/// Compared are the rewards at the `scored` steps, or at all valid ones; the others become 0. All rewards of a group
/// are one sample, as in DeepSeekMath's process supervision (arXiv:2402.03300, 4.1.3). Equal rewards, up to rounding,
/// become 0 (without a baseline they are divided by epsilon: choose it then). Probes may have one step only.
struct standardized_reward {
  reward_scope scope = reward_scope::batch;
  group_statistics how{};
  double clip = std::numeric_limits<double>::infinity();  ///< > 0

  static constexpr about notes{"standardized_reward",
                               "clamp((r - mean) / (std + epsilon), +-clip) over the batch, or each group",
                               "Shao et al. 2024, arXiv:2402.03300, 4.1.3", "closed form"};
  constexpr void parameters(auto f) const {
    f("scope", scope), how.parameters(f);
    f("clip", clip, clip < std::numeric_limits<double>::infinity());
  }
  void check() const {
    how.check();
    detail::require(clip > 0, "standardized_reward", "clip", clip, "a positive number (infinity: no limit)");
  }

  template <backend B>
  raw_reward::nothing start(B&) const {
    return {};
  }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, raw_reward::nothing&, batch_view<T> const& batch, view<T> reward) const {
    check();
    detail::require(batch.depth == 1, "standardized_reward", "the number of steps of a probe", double(batch.depth),
                    "1");
    std::ptrdiff_t R = batch.series.steps(), G = batch.group, cells = 1;
    auto numbers = backend.template temporary<T>(R * G + R);
    auto cell = backend.template temporary<std::int32_t>(R * G);
    view<T> number = numbers.all().part(0, R * G), index = numbers.all().part(R * G, R);
    if (scope == reward_scope::batch) {
      detail::fill_with(backend, number, 0);
    } else if (G > 1) {
      cells = R;
      detail::fill_with(backend, index, 1);
      backend.scan(partition::lanes(R, 1), direction::forward, detail::next_index{}, -1, index, view<T const>(index));
      backend.map_rows(R, detail::repeat_in_row{int(G)}, view<T const>(index), number.reshaped(R, G));
    } else {
      detail::group_members<B> members(backend, batch, "standardized_reward");
      cells = members.groups();
      members.to_steps(number, members.group_number());
    }
    detail::copy_to(backend, cell.all(), number);
    view<T> flat = reward.reshaped(R * G);
    how(backend, view<T const>(flat), cell.all(), cells, view<T const>{}, flat,
        batch.scored ? batch.scored : batch.valid);
    backend.map(outputs{flat}, detail::clamp_to{clip}, view<T const>(flat));
  }
};

}  // namespace COHORT_NAMESPACE
