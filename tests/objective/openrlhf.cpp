#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/clipped_value_loss.hpp>
#include <cohort/objective/dual_clip.hpp>
#include <cohort/objective/entropy_bonus.hpp>
#include <cohort/objective/gspo.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/objective/value_loss.hpp>
#include <cohort/selection/divergence_bound.hpp>
#include <cohort/selection/importance_weights.hpp>
#include <cohort/selection/ratio_bounds.hpp>
#include <limits>
#include "../catch.hpp"
#include "recorded_batch.hpp"

// What a training step of OpenRLHF's actor and of its critic minimizes, on six series of which one has no valid step,
// tests/golden/openrlhf_objectives.py.

namespace {

constexpr char const* file = "objective/openrlhf.txt";
constexpr double infinity = std::numeric_limits<double>::infinity();
clipped_ratio const clip{.epsilon = .2, .epsilon_high = .28};
dual_clip const with_dual{.epsilon = .2, .epsilon_high = .28, .c = 2};
gspo const narrow{.epsilon = .02, .epsilon_high = .03};
entropy_bonus const bonus{.weight = .01};

/// Its KL, held within +-10, is a mean over steps whatever the policy's loss is.
template <class K = k3>
auto kl(K const& estimator = {}) {
  return aggregate(step_mean{}, kl_penalty{.estimator = clamped{estimator, infinity, 10}, .weight = .04});
}

/// Its unbiased_gradient: any estimator's value, and the gradient of k2 times the ratio, which is at most 10.
template <class K>
struct unbiased {
  K estimator{};
  template <class S, class R, class O>
  constexpr S operator()(S const& logp, R const& ref_logp, O const& old_logp) const {
    S ratio = stop_gradient(S(min(S(exp(S(logp - old_logp))), 10))), slope = ratio * k2{}(logp, ref_logp);
    return stop_gradient(S(estimator(logp, ref_logp))) + (slope - stop_gradient(slope));
  }
};

/// Its divergences of the sampler's and the learner's probability of the token that was drawn.
struct binary_kl {
  template <class S>
  constexpr S operator()(S const& sampler, S const& learner) const {
    S p = exp(sampler), q = exp(learner);
    return p * (sampler - learner) + (1 - p) * log((1 - p) / (1 - q));
  }
};
struct total_variation {
  template <class S>
  constexpr S operator()(S const& sampler, S const& learner) const {
    return abs(S(exp(sampler) - exp(learner)));
  }
};

}  // namespace

TEST_CASE("openrlhf: PPO by step and by series, with a KL, an entropy bonus and a dual clip", "[golden]") {
  recorded_batch b(file, false);
  auto check = [&](std::string const& name, auto const& mode, numbers const& rounding) {
    CAPTURE(name);
    CHECK(b.distance(clip, mode, name, rounding) < 1e-10);
    CHECK(b.distance(clip + kl(), mode, name + "_kl", rounding) < 1e-10);
    CHECK(b.distance(clip + kl() + aggregate(step_mean{}, bonus), mode, name + "_all", rounding) < 1e-10);
    CHECK(b.distance(with_dual, mode, name + "_dual", rounding) < 1e-10);
  };
  check("token", step_mean{}, {});
  check("series", series_mean{}, verl_mean(b));  // it too adds 1e-8 to a series' steps
}

TEST_CASE("openrlhf: its gspo is by series whatever it is told, with a KL over steps", "[golden]") {
  recorded_batch b(file);
  CHECK(b.distance(narrow, series_mean{}, "gspo", verl_mean(b)) < 1e-10);
  CHECK(b.distance(narrow, series_mean{}, "gspo_token", verl_mean(b)) < 1e-10);
  CHECK(b.distance(narrow + kl(), series_mean{}, "gspo_kl", verl_mean(b)) < 1e-10);
  CHECK(b.distance(narrow + kl() + aggregate(step_mean{}, bonus), series_mean{}, "gspo_all", verl_mean(b)) < 1e-10);
}

TEST_CASE("openrlhf: k1 and k2 as a loss, and with its unbiased gradient, that of k2 times the ratio, any of them",
          "[golden]") {
  recorded_batch b(file, false);
  CHECK(b.distance(clip + kl(k1{}), step_mean{}, "token_kl_k1") < 1e-10);
  CHECK(b.distance(clip + kl(k2{}), step_mean{}, "token_kl_k2") < 1e-10);
  auto check = [&]<class K>(std::string const& name, K const&) {
    kl_penalty<unbiased<K>> penalty{.weight = .04};
    CHECK(b.distance(clip + penalty, step_mean{}, "token_kl_" + name + "_unbiased") < 1e-10);
  };
  check("k1", k1{}), check("k2", k2{}), check("k3", k3{});
}

TEST_CASE("openrlhf: its correction of what sampled, weights and rejections by step and by series", "[golden]") {
  recorded_batch b(file, false);
  auto rounding = verl_mean(b);
  importance_weights const free{.high = infinity};
  auto check = [&](std::string const& name, auto const& term) {
    CAPTURE(name);
    CHECK(b.distance(term, step_mean{}, "is_" + name) < 1e-10);
    CHECK(b.distance(term + kl(), series_mean{}, "is_" + name + "_series", rounding) < 1e-10);
  };
  check("token_mask_ratio", weighted(importance_weights{.beyond = beyond_bounds::mask, .low = .5, .high = 1.5}, clip));
  check("token_clip_ratio", weighted(importance_weights{.low = .5, .high = 1.5}, clip));
  check("seq_mask_ratio",
        weighted(ratio_bounds{.over = ratio_over::geometric_mean, .low = .7, .high = 1.2}, weighted(free, clip)));
  auto by = [&](auto const& divergence, double most, bounded_over over) {
    return weighted(divergence_bound{.most = most, .over = over, .divergence = divergence}, weighted(free, clip));
  };
  check("token_mask_binary_kl", by(binary_kl{}, .05, bounded_over::step));
  check("seq_mask_binary_kl", by(binary_kl{}, .06, bounded_over::series_mean));
  check("token_mask_tv", by(total_variation{}, .2, bounded_over::step));
  check("seq_mask_tv", by(total_variation{}, .15, bounded_over::series_mean));
}

TEST_CASE("openrlhf: gspo with its correction has its ratio to what sampled", "[golden]") {
  recorded_batch b(file);
  b.rows["old_logp"] = b.sampler_logp;
  CHECK(b.distance(narrow, series_mean{}, "gspo_is", verl_mean(b)) < 1e-10);
}

TEST_CASE("openrlhf: the critic's loss, with and without a clip, by step and by series", "[golden]") {
  recorded_batch b(file);
  clipped_value_loss const held{.weight = .5, .clip = .5};
  b.same_value_loss(value_loss{.weight = .5}, step_mean{}, "critic");
  b.same_value_loss(held, step_mean{}, "critic_clip");
  b.same_value_loss(value_loss{.weight = .5}, series_mean{}, "critic_series", verl_mean(b));
  b.same_value_loss(held, series_mean{}, "critic_clip_series", verl_mean(b));
}
