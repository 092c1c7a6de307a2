#include <cohort/preset/registry.hpp>

#include "paper.hpp"

using namespace cohort;
using namespace paper;

namespace {

double clip(double x, double low, double high) { return x < low ? low : x > high ? high : x; }

/// DeepSeekMath eq. 3 and 4: 1/G sum 1/|o| sum min(r A, clip(r) A) - beta (ref / pi - log(ref / pi) - 1), less 1
/// because it is a loss.
double deepseek_math(answers const& b, numbers const& A, numbers const& logp, double epsilon, double beta) {
  double loss = 0;
  for (int i = 0; i < 12; ++i)
    for (int k = b.first[i]; k < b.first[i + 1]; ++k) {
      double r = std::exp(logp[k]) / std::exp(b.old_logp[k]), q = std::exp(b.ref_logp[k]) / std::exp(logp[k]);
      loss -= (std::min(r * A[k], clip(r, 1 - epsilon, 1 + epsilon) * A[k]) - beta * (q - std::log(q) - 1)) /
              b.length[i] / 12;
    }
  return loss;
}
/// The mean over an answer's tokens of f(token), then over the answers.
template <class F>
double answers_mean(answers const& b, F f) {
  double sum = 0;
  for (int i = 0; i < 12; ++i)
    for (int k = b.first[i]; k < b.first[i + 1]; ++k) sum += f(k) / b.length[i] / 12;
  return sum;
}
/// (1/|o|) log of the answer's ratio.
double mean_log_ratio(answers const& b, numbers const& logp, int i) {
  double sum = 0;
  for (int k = b.first[i]; k < b.first[i + 1]; ++k) sum += logp[k] - b.old_logp[k];
  return sum / b.length[i];
}

}  // namespace

TEST_CASE("presets: GRPO's outcome supervision is DeepSeekMath's, and R1's the same with its constants") {
  answers b;
  auto A = z_scores(b);
  require_paper(preset::grpo_outcome(), b, A,
                [&](auto const& logp, auto const&) { return deepseek_math(b, A, logp, .2, .04); });
  require_paper(preset::deepseek_r1(), b, A,
                [&](auto const& logp, auto const&) { return deepseek_math(b, A, logp, 10, .001); });
}

TEST_CASE("presets: GRPO's process supervision pools a group's rewards, and a token has the sum of those to come") {
  answers b;
  std::vector<std::vector<double>> reward(12);
  preset::recorded_batch recorded;
  for (int g = 0; g < 3; ++g) {
    std::vector<preset::recorded_series> group;
    for (int i = 4 * g; i < 4 * g + 4; ++i) {
      reward[i] = arrays::uniform(b.length[i], 20 + i);
      auto own = [&](numbers const& v) { return numbers(v.begin() + b.first[i], v.begin() + b.first[i + 1]); };
      preset::recorded_series s;
      s.reward = reward[i], s.logp = own(b.logp), s.old_logp = own(b.old_logp), s.ref_logp = own(b.ref_logp);
      group.push_back(s);
    }
    recorded.add_group(group);
  }
  b.recorded = recorded;
  numbers A;
  for (int i = 0; i < 12; ++i) {
    double n = 0, sum = 0, squares = 0;
    for (int j = i / 4 * 4; j < i / 4 * 4 + 4; ++j)
      for (double r : reward[j]) n += 1, sum += r;
    for (int j = i / 4 * 4; j < i / 4 * 4 + 4; ++j)
      for (double r : reward[j]) squares += (r - sum / n) * (r - sum / n);
    for (int t = 0; t < b.length[i]; ++t) {
      double to_come = 0;
      for (int s = t; s < b.length[i]; ++s) to_come += (reward[i][s] - sum / n) / (std::sqrt(squares / (n - 1)) + 1e-6);
      A.push_back(to_come);
    }
  }
  require_paper(preset::grpo_process(), b, A,
                [&](auto const& logp, auto const&) { return deepseek_math(b, A, logp, .2, .04); });
}

TEST_CASE("presets: Dr. GRPO divides neither by the deviation nor by the length") {
  answers b;
  auto A = each_token(b, [&](int i) { return b.R[i] - mean_score(b, i); });
  require_paper(preset::dr_grpo(), b, A, [&](auto const& logp, auto const&) {
    double loss = 0;
    for (int k = 0; k < b.steps(); ++k) {
      double r = std::exp(logp[k] - b.old_logp[k]);
      loss -= std::min(r * A[k], clip(r, .8, 1.2) * A[k]) / (12 * 3000.);
    }
    return loss;
  });
}

TEST_CASE("presets: DAPO, Lite PPO and INTELLECT-2 average over tokens") {
  answers b;
  auto A = z_scores(b);
  require_paper(preset::dapo(), b, A, [&](auto const& logp, auto const&) {
    return -tokens_mean(b, [&](int k) { return clipped_gain(b, A, logp, k, .8, 1.28); });
  });
  double mean = 0, squares = 0;
  for (double r : b.R) mean += r / 12;
  for (double r : b.R) squares += (r - mean) * (r - mean);
  auto lite = each_token(b, [&](int i) { return (b.R[i] - mean_score(b, i)) / (std::sqrt(squares / 11) + 1e-6); });
  require_paper(preset::lite_ppo(), b, lite, [&](auto const& logp, auto const&) {
    return -tokens_mean(b, [&](int k) { return clipped_gain(b, lite, logp, k, .8, 1.2); });
  });
  require_paper(preset::intellect_2(), b, A, [&](auto const& logp, auto const&) {
    return -tokens_mean(b, [&](int k) {
      double r = std::exp(logp[k] - b.old_logp[k]), q = std::exp(b.ref_logp[k] - logp[k]);
      return std::min(std::min(r, 4.) * A[k], clip(r, .8, 1.2) * A[k]) - .001 * (q - std::log(q) - 1);
    });
  });
}

TEST_CASE(
    "presets: DeepSeek-V3.2 corrects the KL estimate by the ratio and leaves out bad answers that are far from what "
    "sampled them") {
  answers b;
  for (int k = b.first[1]; k < b.first[2]; ++k) b.sampler_logp[k] = b.logp[k] + .6;  // a bad one
  b.recorded.sampler_logp = b.sampler_logp;
  auto A = each_token(b, [&](int i) { return b.R[i] - mean_score(b, i); });
  int left_out = 0;
  auto masked = [&](int i) {
    double sum = 0;
    for (int k = b.first[i]; k < b.first[i + 1]; ++k) sum += b.sampler_logp[k] - b.logp[k];
    return A[b.first[i]] < 0 && sum / b.length[i] > .5;
  };
  for (int i = 0; i < 12; ++i) left_out += masked(i);
  REQUIRE((left_out > 0 && left_out < 12));
  require_paper(preset::deepseek_v3_2(), b, A, [&](auto const& logp, auto const&) {
    double loss = 0;
    for (int i = 0; i < 12; ++i)
      for (int k = b.first[i]; k < b.first[i + 1]; ++k) {
        double r = std::exp(logp[k] - b.old_logp[k]), q = std::exp(b.ref_logp[k] - logp[k]);
        if (!masked(i)) loss -= std::min(r * A[k], clip(r, .8, 1.2) * A[k]) / b.length[i] / 12;
        loss += .001 * r * (q - std::log(q) - 1) / b.length[i] / 12;
      }
    return loss;
  });
}

TEST_CASE(
    "presets: GSPO and LUSPO clip one ratio for an answer, GMPO each token's, TIC-GRPO their product from above") {
  answers b;
  for (int k = 0; k < b.steps(); ++k)
    b.logp[k] = b.old_logp[k] + .0017 * (b.logp[k] - b.old_logp[k]);  // at the scale of GSPO's clip
  b.recorded.logp = b.logp;
  auto A = z_scores(b);
  auto sequence = [&](double low, double high, bool times_length) {
    return [&b, &A, low, high, times_length](numbers const& logp, numbers const&) {
      double loss = 0;
      for (int i = 0; i < 12; ++i) {
        double s = std::exp(mean_log_ratio(b, logp, i)), a = A[b.first[i]];
        loss -= std::min(s * a, clip(s, 1 - low, 1 + high) * a) / 12 * (times_length ? b.length[i] : 1);
      }
      return loss;
    };
  };
  require_paper(preset::gspo(), b, A, sequence(3e-4, 4e-4, false));
  require_paper(preset::luspo(), b, A, sequence(2e-3, 2.5e-3, true));

  answers c;
  require_paper(preset::gmpo(), c, A, [&](auto const& logp, auto const&) {
    double loss = 0;
    for (int i = 0; i < 12; ++i) {
      double product = 1, a = A[c.first[i]], sign = a > 0 ? 1 : -1;
      for (int k = c.first[i]; k < c.first[i + 1]; ++k) {
        double x = logp[k] - c.old_logp[k];
        product *= std::pow(std::exp(sign * std::min(sign * x, sign * clip(x, -.4, .4))), 1. / c.length[i]);
      }
      loss -= product * a / 12;
    }
    return loss;
  });
  require_paper(preset::tic_grpo(), c, A, [&](auto const& logp, auto const&) {
    double loss = 0;
    for (int i = 0; i < 12; ++i)
      loss -= std::min(std::exp(mean_log_ratio(c, logp, i) * c.length[i]), 1.2) * A[c.first[i]] / 12;
    return loss;
  });
}

TEST_CASE(
    "presets: ScaleRL averages over a prompt's tokens, then over prompts, and divides by the deviation of the batch's "
    "advantages") {
  answers b;
  double squares = 0;
  for (int i = 0; i < 12; ++i)
    squares += (b.R[i] - mean_score(b, i)) * (b.R[i] - mean_score(b, i));  // each group's add up to 0
  auto A = each_token(b, [&](int i) { return (b.R[i] - mean_score(b, i)) / (std::sqrt(squares / 11) + 1e-8); });
  require_paper(preset::scale_rl(), b, A, [&](auto const& logp, auto const& held) {
    double loss = 0;
    for (int i = 0; i < 12; ++i)
      for (int k = b.first[i]; k < b.first[i + 1]; ++k)
        loss -= std::min(std::exp(held[k] - b.old_logp[k]), 5.) * A[k] * logp[k] /
                over_group(i, [&](int j) { return double(b.length[j]); }) / 3;
    return loss;
  });
}

TEST_CASE("presets: CISPO's, SAPO's and VESPO's weights, of which SAPO's alone is differentiated") {
  answers b;
  auto A = z_scores(b);
  require_paper(preset::cispo(), b, A, [&](auto const& logp, auto const& held) {
    return -tokens_mean(b, [&](int k) { return std::min(std::exp(held[k] - b.old_logp[k]), 5.) * A[k] * logp[k]; });
  });
  require_paper(preset::sapo(), b, A, [&](auto const& logp, auto const&) {
    return -answers_mean(b, [&](int k) {
      double r = std::exp(logp[k] - b.old_logp[k]), tau = A[k] > 0 ? 1 : 1.05;
      return 4 / tau / (1 + std::exp(-tau * (r - 1))) * A[k];
    });
  });
  require_paper(preset::vespo(), b, A, [&](auto const& logp, auto const& held) {
    double loss = 0;
    for (int i = 0; i < 12; ++i)
      for (int k = b.first[i]; k < b.first[i + 1]; ++k) {
        double W = std::exp(mean_log_ratio(b, held, i) * b.length[i]), power = A[k] < 0 ? 3 : 2,
               lambda = A[k] < 0 ? 2 : 3;
        loss -= std::pow(W, power) * std::exp(lambda * (1 - W)) * A[k] * logp[k] / b.steps();
      }
    return loss;
  });
}

TEST_CASE("presets: DPPO keeps what has moved little, DRO holds by a square") {
  answers b;
  auto A = z_scores(b);
  require_paper(preset::dppo_tv(), b, A, [&](auto const& logp, auto const& held) {
    return -tokens_mean(b, [&](int k) {
      double moved = std::exp(held[k]) - std::exp(b.old_logp[k]);
      bool keep = A[k] > 0 ? moved <= .2 : moved >= -.2;
      return keep ? std::exp(held[k] - b.old_logp[k]) * A[k] * logp[k] : 0.;
    });
  });
  require_paper(preset::dppo_kl(), b, A, [&](auto const& logp, auto const& held) {
    return -tokens_mean(b, [&](int k) {
      double p = std::exp(held[k]), old = std::exp(b.old_logp[k]),
             kl = old * std::log(old / p) + (1 - old) * std::log((1 - old) / (1 - p));
      bool keep = kl <= .05 || (A[k] > 0 ? p <= old : p >= old);
      return keep ? p / old * A[k] * logp[k] : 0.;
    });
  });
  require_paper(preset::dro(), b, A, [&](auto const& logp, auto const&) {
    return -tokens_mean(
        b, [&](int k) { return A[k] * logp[k] - .25 * (logp[k] - b.old_logp[k]) * (logp[k] - b.old_logp[k]); });
  });
}
