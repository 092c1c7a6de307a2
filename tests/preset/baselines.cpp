#include <cohort/preset/registry.hpp>

#include "paper.hpp"

using namespace cohort;
using namespace paper;

namespace {

double others_best(answers const& b, int i) {
  double best = -1;
  for (int j = i / 4 * 4; j < i / 4 * 4 + 4; ++j)
    if (j != i) best = std::max(best, b.R[j]);
  return best;
}
/// -A log pi of whole answers: a sum over an answer's tokens, the mean over answers.
auto whole_answers(answers const& b, numbers const& A) {
  return [&](numbers const& logp, numbers const&) {
    double loss = 0;
    for (int i = 0; i < 12; ++i) {
      double log_pi = 0;
      for (int k = b.first[i]; k < b.first[i + 1]; ++k) log_pi += logp[k];
      loss -= A[b.first[i]] * log_pi / 12;
    }
    return loss;
  };
}
/// PPO's clip at .2, averaged over all tokens.
auto clipped_tokens(answers const& b, numbers const& A) {
  return [&](numbers const& logp, numbers const&) {
    return -tokens_mean(b, [&](int k) { return clipped_gain(b, A, logp, k, .8, 1.2); });
  };
}
/// GAE's advantages, with a lambda for each answer.
template <class F>
numbers generalized(answers const& b, double gamma, F lambda) {
  numbers A(std::size_t(b.steps()));
  for (int i = 0; i < 12; ++i)
    for (int t = b.first[i]; t < b.first[i + 1]; ++t) {
      double factor = 1;
      for (int s = t; s < b.first[i + 1]; ++s, factor *= gamma * lambda(i))
        A[t] += factor * (s + 1 < b.first[i + 1] ? gamma * b.value[s + 1] - b.value[s] : b.R[i] - b.value[s]);
    }
  return A;
}
numbers normalized(numbers x) {
  double mean = 0, squares = 0, n = double(x.size());
  for (double v : x) mean += v / n;
  for (double v : x) squares += (v - mean) * (v - mean);
  for (double& v : x) v = (v - mean) / (std::sqrt(squares / (n - 1)) + 1e-8);
  return x;
}

}  // namespace

TEST_CASE("presets: RLOO is less the mean of the others, the KL of whole answers off the reward") {
  answers b;
  auto reward = [&](int i) {
    double kl = 0;
    for (int k = b.first[i]; k < b.first[i + 1]; ++k) kl += b.old_logp[k] - b.ref_logp[k];
    return b.R[i] - .03 * kl;
  };
  auto A = each_token(b, [&](int i) { return reward(i) - (over_group(i, reward) - reward(i)) / 3; });
  require_paper(preset::rloo(), b, A, whole_answers(b, A));
}

TEST_CASE("presets: REINFORCE++ normalizes what is still to come over the batch, with or without the group's mean") {
  answers b;
  numbers to_come(std::size_t(b.steps()));
  for (int i = 0; i < 12; ++i)
    for (int t = b.first[i]; t < b.first[i + 1]; ++t) {
      to_come[t] = b.R[i];
      for (int k = t; k < b.first[i + 1]; ++k) to_come[t] -= .01 * (b.old_logp[k] - b.ref_logp[k]);
    }
  b.recorded.value.clear(), b.recorded.next_value.clear();  // without a critic
  auto A = normalized(to_come);
  require_paper(preset::reinforce_plus_plus(), b, A, clipped_tokens(b, A));
  auto B = normalized(each_token(b, [&](int i) { return b.R[i] - mean_score(b, i); }));
  require_paper(preset::reinforce_plus_plus_baseline(), b, B, [&](auto const& logp, auto const& held) {
    double loss = clipped_tokens(b, B)(logp, held);
    for (int k = 0; k < b.steps(); ++k)
      loss += .001 * .5 * (logp[k] - b.ref_logp[k]) * (logp[k] - b.ref_logp[k]) / b.steps();
    return loss;
  });
}

TEST_CASE("presets: OPO weighs the mean by length, GPG and MaxRL scale what is above it") {
  answers b;
  auto mean = [&](int i) { return mean_score(b, i); };
  auto opo = each_token(b, [&](int i) {
    return b.R[i] - over_group(i, [&](int j) { return b.length[j] * b.R[j]; }) /
                        over_group(i, [&](int j) { return double(b.length[j]); });
  });
  for (double& a : opo)
    if (std::abs(a) < 1e-15) a = 0;
  require_paper(preset::opo(), b, opo, whole_answers(b, opo));
  auto gpg = each_token(b, [&](int i) { return 12. / 8 * (b.R[i] - mean(i)); });  // 4 of 12 scores are 0
  require_paper(preset::gpg(), b, gpg, [&](auto const& logp, auto const&) {
    double loss = 0;
    for (int k = 0; k < b.steps(); ++k) loss -= gpg[k] * logp[k] / b.steps();
    return loss;
  });
  auto max_rl = each_token(b, [&](int i) { return (b.R[i] - mean(i)) / mean(i); });
  require_paper(preset::max_rl(), b, max_rl, whole_answers(b, max_rl));
}

TEST_CASE("presets: PKPO counts the draws of k with a right answer, the best of a group gets its lead") {
  answers b;
  auto right = [&](int i) { return b.R[i] > .5; };
  auto A = each_token(b, [&](int i) {  // of the k = 4 answers that there are, all are drawn
    if (right(i)) return 4.;
    return over_group(i, [&](int j) { return double(j != i && right(j)); }) > 0 ? 4. : 0.;
  });
  require_paper(preset::pkpo(), b, A, whole_answers(b, A));
  auto best =
      each_token(b, [&](int i) { return std::max(0., b.R[i] - others_best(b, i)) / (score_deviation(b, i) + 1e-6); });
  require_paper(preset::best_of_group(), b, best, clipped_tokens(b, best));
}

TEST_CASE(
    "presets: KL-Cov pulls back the tokens of the largest covariance, high entropy keeps a fifth, TIS weighs by "
    "sampler and learner") {
  answers b;
  auto A = z_scores(b);
  double mean_A = 0, mean_logp = 0;
  for (int k = 0; k < b.steps(); ++k) mean_A += A[k] / b.steps(), mean_logp += b.logp[k] / b.steps();
  int largest = 0;
  auto covariance = [&](int k) { return (A[k] - mean_A) * (b.logp[k] - mean_logp); };
  for (int k = 0; k < b.steps(); ++k)
    if (covariance(k) > covariance(largest)) largest = k;
  require_paper(preset::kl_cov(), b, A, [&](auto const& logp, auto const&) {
    double loss = std::abs(logp[largest] - b.old_logp[largest]) / b.steps();  // 2e-4 of 35 tokens, and at least one
    for (int k = 0; k < b.steps(); ++k) loss -= std::exp(logp[k] - b.old_logp[k]) * A[k] / b.steps();
    return loss;
  });

  auto ordered = b.entropy;
  std::sort(ordered.begin(), ordered.end());
  double place = .8 * (b.steps() - 1), low = ordered[std::size_t(place)], high = ordered[std::size_t(place) + 1],
         least = low + (place - std::floor(place)) * (high - low);
  auto dapo = [&](numbers const& logp, auto weight) {
    return -tokens_mean(b, [&](int k) { return weight(k) * clipped_gain(b, A, logp, k, .8, 1.28); });
  };
  require_paper(preset::high_entropy(), b, A, [&](auto const& logp, auto const&) {
    return dapo(logp, [&](int k) { return b.entropy[k] >= least ? 1. : 0.; });
  });
  require_paper(preset::tis(), b, A, [&](auto const& logp, auto const&) {
    return dapo(logp, [&](int k) { return std::min(std::exp(b.old_logp[k] - b.sampler_logp[k]), 2.); });
  });
  auto candidate = [&](int k) {
    double r = std::exp(b.logp[k] - b.old_logp[k]);
    return covariance(k) > 1 && covariance(k) < 5 && !(A[k] > 0 ? r > 1.2 : r < .8);
  };
  int candidates = 0;
  for (int k = 0; k < b.steps(); ++k) candidates += candidate(k);
  REQUIRE(candidates == 1);  // so that no draw decides
  require_paper(preset::clip_cov(), b, A, [&](auto const& logp, auto const&) {
    return -tokens_mean(b, [&](int k) { return candidate(k) ? 0 : clipped_gain(b, A, logp, k, .8, 1.2); });
  });
}

TEST_CASE("presets: PPO, PF-PPO, A2C and TRPO take GAE, n-step returns less V, and the ratio") {
  answers b;
  auto gae = generalized(b, .99, [](int) { return .95; }), n_step = generalized(b, .99, [](int) { return 1.; });
  auto squares = [&](numbers const& A) {  // V - R is -A where V is what it was
    double sum = 0;
    for (double a : A) sum += a * a / b.steps();
    return sum;
  };
  require_paper(preset::ppo(), b, gae,
                [&](auto const& logp, auto const& held) { return clipped_tokens(b, gae)(logp, held) + squares(gae); });
  auto undiscounted = generalized(b, 1, [](int) { return .95; });
  require_paper(preset::pf_ppo(), b, undiscounted, [&](auto const& logp, auto const& held) {
    return clipped_tokens(b, undiscounted)(logp, held) + .5 * squares(undiscounted);
  });
  require_paper(preset::trpo(), b, gae, [&](auto const& logp, auto const&) {
    double loss = squares(gae);
    for (int k = 0; k < b.steps(); ++k) loss -= std::exp(logp[k] - b.old_logp[k]) * gae[k] / b.steps();
    return loss;
  });
  require_paper(preset::a2c(), b, n_step, [&](auto const& logp, auto const&) {
    double loss = .5 * squares(n_step);
    for (int k = 0; k < b.steps(); ++k) loss -= (n_step[k] * logp[k] + .01 * b.entropy[k]) / b.steps();
    return loss;
  });
  require_paper(preset::ppo_37(), b, gae, [&](auto const& logp, auto const& held) {
    return clipped_tokens(b, gae)(logp, held) + .25 * squares(gae);
  });
  require_paper(preset::ppo_atari(), b, gae, [&](auto const& logp, auto const&) {
    double loss = squares(gae);
    for (int k = 0; k < b.steps(); ++k)
      loss -= (clipped_gain(b, gae, logp, k, .9, 1.1) + .01 * b.entropy[k]) / b.steps();
    return loss;
  });
}

TEST_CASE(
    "presets: VAPO's advantages look as far as its answer is long, its critic learns the score, and right answers are "
    "imitated") {
  answers b;
  for (double alpha : {.05, .5}) {  // of the paper's no answer here is long enough for a lambda above 0
    auto algorithm = preset::vapo();
    REQUIRE(algorithm.advantage.estimator.alpha == .05);
    algorithm.advantage.estimator.alpha = alpha;
    auto A = generalized(b, 1, [&](int i) { return std::max(0., 1 - 1 / (alpha * b.length[i])); });
    double errors = 0, right = 0;
    for (int i = 0; i < 12; ++i) {
      for (int k = b.first[i]; k < b.first[i + 1]; ++k) errors += (b.value[k] - b.R[i]) * (b.value[k] - b.R[i]);
      if (b.R[i] > .5) right += b.length[i];
    }
    require_paper(algorithm, b, A, [&](auto const& logp, auto const&) {
      double loss = .5 * errors / b.steps();
      for (int i = 0; i < 12; ++i)
        for (int k = b.first[i]; k < b.first[i + 1]; ++k) {
          loss -= clipped_gain(b, A, logp, k, .8, 1.28) / b.steps();
          if (b.R[i] > .5) loss -= .1 * logp[k] / right;
        }
      return loss;
    });
  }
}

TEST_CASE("presets: SFT and online RFT are log-likelihoods, of all answers and of right ones") {
  answers b;
  auto loss = [&](auto counts) {
    return [&, counts](numbers const& logp, numbers const&) {
      double sum = 0;
      for (int i = 0; i < 12; ++i)
        for (int k = b.first[i]; counts(i) && k < b.first[i + 1]; ++k) sum -= logp[k] / b.length[i] / 12;
      return sum;
    };
  };
  require_paper(preset::sft(), b, numbers(std::size_t(b.steps()), 0), loss([](int) { return true; }));
  require_paper(preset::online_rft(), b, each_token(b, [&](int i) { return b.R[i]; }),
                loss([&](int i) { return b.R[i] > 0; }));
}
