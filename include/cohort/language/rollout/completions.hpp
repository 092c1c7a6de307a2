#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/language/model/generate.hpp>
#include <cohort/language/rollout/completion_minibatches.hpp>
#include <cohort/language/rollout/outside_sampler.hpp>
#include <cohort/language/rollout/resampled_counts.hpp>
#include <cohort/language/task/language_task.hpp>

namespace COHORT_NAMESPACE {

template <backend B, class Task, class Policy>
class completions_collector;

/// The rollout of GRPO on a language model: `group` completions of each of `prompts` prompts, drawn by the policy. The
/// last token of a completion gets its score as its reward and ends it, whether it was stopped or cut off. A completion
/// whose score is NaN is left out, and counts nowhere.
///
/// With `resample` (dynamic sampling, DAPO, arXiv:2503.14476, 3.2) groups whose scores are all equal (to 2e-15 of the
/// round's largest), from which nothing is learned, are left out, and up to so many more rounds of `prompts` prompts
/// are drawn until there are `prompts` groups; those that are then too many are left out too. If no group of any round
/// differs, the last round stands as it is. Metrics are of all that was drawn. With `drop_equal` they are left out as
/// well, and no more are drawn: there are fewer groups then (ScaleRL, arXiv:2510.13786, zero-variance filtering).
///
/// With `score_power` the completions of a round are drawn again from among themselves, as many as there are, with
/// replacement, each in proportion to |score|^score_power: those of which the score says most are learned from, and
/// more than once, others not at all (PF-PPO, arXiv:2409.06957; verl's pf_ppo with "pow"). Groups may then be of any
/// size. Where all scores are 0 the round stands as it is.
///
/// With `greedy` the likeliest completion of each prompt is generated and scored as well, which is remax's baseline;
/// its tokens count as steps.
///
/// Where the sampler cuts (top_k, top_p, min_p, typical_p) or `allowed` forbids, what was kept at each token is stored,
/// and training's log-probabilities, entropies and reference are of the softmax over that: the ratio is that of the
/// distributions sampled from. `softmax = softmax_over::vocabulary` is what other libraries do instead (see
/// softmax_over). A repetition penalty, which training does not apply, and a temperature of 0, under which there is no
/// gradient, are refused without it.
///
/// With `outside` something else than the policy draws: a server with its weights (see http_sampler), or a program of
/// one's own. Its log-probabilities are the sampler's, those of the policy are computed anew, and what lies between the
/// two, as other numerics or an older policy, is for weighted(importance_weights{}, ...) to correct.
///
/// `temperatures` gives sample g of each group its own temperature, in generation and in training.
///
/// A task has a type row, and row draw(random_stream&) or draw(row_number), tokens prompt(row), double score(row,
/// tokens, stopped), token or tokens stop(), all const. Steps are tokens; a run ends with the rollout in which they are
/// used up.
struct completions {
  int prompts = 16;
  int group = 16;       ///< G
  int max_tokens = 64;  ///< of a completion, its stop token included
  token_sampler sampler{};
  int resample = 0;         ///< rounds at most, >= 0
  bool drop_equal = false;  ///< leave out groups whose scores are all equal, resample or not
  double score_power = 0;   ///< of policy filtration, >= 0; 0: none
  bool greedy = false;
  std::vector<double> temperatures{};  ///< G, or empty: the sampler's for all
  allowed_tokens allowed{};
  softmax_over softmax = softmax_over::support;
  outside_sampler outside{};

  constexpr void parameters(auto f) const {
    f("prompts", prompts), f("group", group), f("max_tokens", max_tokens);
    f("temperature", sampler.temperature, sampler.temperature != 1);
    f("top_k", sampler.top_k, sampler.top_k > 0);
    f("top_p", sampler.top_p, sampler.top_p < 1);
    f("min_p", sampler.min_p, sampler.min_p > 0);
    f("typical_p", sampler.typical_p, sampler.typical_p < 1);
    f("repetition_penalty", sampler.repetition_penalty, sampler.repetition_penalty != 1);
    f("presence_penalty", sampler.presence_penalty, sampler.presence_penalty != 0);
    f("frequency_penalty", sampler.frequency_penalty, sampler.frequency_penalty != 0);
    f("softmax", softmax, softmax != softmax_over::support);
    f("resample", resample, resample > 0);
    f("drop_equal", drop_equal, drop_equal);
    f("score_power", score_power, score_power > 0);
    f("greedy", greedy, greedy);
  }

  using reads_a_task = void;  ///< tells train that it plays no environment
  /// What its batches give an estimator.
  template <class Policy>
  static constexpr unsigned gives = needs::groups | (Policy::has_critic ? needs::critic : 0);
  template <backend B, class Task, class Policy>
  using collector = completions_collector<B, Task, Policy>;
  void check() const {
    detail::require(prompts > 0, "completions", "prompts", prompts, "a positive number");
    detail::require(resample >= 0, "completions", "resample", resample, "0 or a positive number");
    detail::require(score_power >= 0, "completions", "score_power", score_power, "0 or a positive number");
    generation_options const o = generation(-1);
    o.check();
    if (outside && (sampler.cuts() || allowed || greedy || !temperatures.empty()))
      throw value_error(
          "completions: outside is set, with cuts, allowed, greedy or temperatures, of which an outside sampler is not "
          "told; expected none of them");
    if (outside) return;
    if (softmax == softmax_over::vocabulary) return;
    auto const not_applied = [](char const* name, double given, double none) {
      if (given != none)
        throw value_error("completions: sampler." + std::string(name) + " is " + detail::text(given) +
                          ", which training does not apply; expected " + detail::text(none) +
                          ", or softmax = softmax_over::vocabulary, whose ratio is biased");
    };
    not_applied("repetition_penalty", sampler.repetition_penalty, 1);
    not_applied("presence_penalty", sampler.presence_penalty, 0);
    not_applied("frequency_penalty", sampler.frequency_penalty, 0);
    for (int g = 0; g < group; ++g)
      if (o.temperature_of(g) == 0)
        throw value_error(
            "completions: the temperature is 0, which leaves one token and no gradient; expected a positive number, or "
            "softmax = softmax_over::vocabulary");
  }
  /// About the text that is generated to be learned from.
  generation_options generation(stop_tokens stop) const {
    bool keep = softmax == softmax_over::support && (sampler.cuts() || allowed);
    return {group, max_tokens, std::move(stop), sampler, temperatures, allowed, keep};
  }
};

template <backend B, class Task, class Policy>
class completions_collector {
  using T = value_t<B>;

 public:
  using batch_type = completion_batch<B>;

  completions_collector(B&, completions const& o, Task const& task, Policy const&, std::uint64_t seed)
      : options_(o), task_(task), seed_(seed) {}

  void persist(auto const& f) { f("rounds", rounds_); }

  batch_type& collect(B& backend, Policy& policy, std::int64_t, rollout_summary& summary) {
    detail::completion_counter counter;
    batch_.clear();
    batch_.training = options_.outside ? softmax_over::vocabulary : options_.softmax;
    for (int more = options_.resample; more >= 0 && batch_.groups_count() < options_.prompts; --more)
      draw(backend, policy, more == 0, counter, summary);
    if (summary.episode_returns.empty())
      throw value_error("completions: not one completion of the rollout has a score, all are NaN");
    summary.completions = counter.means();
    batch_.temperature = options_.sampler.scale();
    batch_.finish(backend);
    // Either evaluates the policy without its penalty and with all tokens, as training will see it.
    bool const penalized = options_.softmax == softmax_over::vocabulary &&
                           (options_.sampler.repetition_penalty != 1 || options_.sampler.presence_penalty != 0 ||
                            options_.sampler.frequency_penalty != 0 || options_.allowed);
    if constexpr (Policy::has_critic) find_values(backend, policy);
    else if (options_.outside || penalized)
      passes_.evaluate(backend, policy, std::as_const(policy).parameters(), batch_, batch_.old_logp.all(), {});
    if (options_.outside)
      backend.map(outputs{batch_.sampler_logp.all()}, detail::first_known{}, view<T const>(batch_.sampler_logp.all()),
                  view<T const>(batch_.old_logp.all()));
    return batch_;
  }

 private:
  /// One round of prompts. Completions with a score become part of the batch.
  void draw(B& backend, Policy& policy, bool last, detail::completion_counter& counter, rollout_summary& summary) {
    std::vector<typename Task::row> rows;
    std::vector<std::vector<std::int32_t>> prompts;
    random_stream draws(stream_id{seed_, draw_purpose::reset, rounds_});
    for (int p = 0; p < options_.prompts; ++p) {
      rows.push_back(detail::draw_row(
          task_, draws, {seed_, std::uint64_t(rounds_) * std::uint64_t(options_.prompts) + std::uint64_t(p)}));
      prompts.push_back(task_.prompt(rows.back()));
    }
    generation_options how = options_.generation(task_.stop());
    auto all = options_.outside
                   ? detail::from_outside<T>(options_.outside, prompts, how, (seed_ << 20) + rounds_,
                                             policy.options().vocabulary)
                   : generate_(backend, policy, prompts, how, stream_id{seed_, draw_purpose::action, rounds_});
    ++rounds_;

    auto G = std::size_t(options_.group);
    std::vector<drawn_completion<typename Task::row>> to_score;
    for (std::size_t i = 0; i < all.size(); ++i)
      to_score.push_back({rows[i / G], all[i].tokens, all[i].stopped, {std::ptrdiff_t(i / G), std::ptrdiff_t(i % G)}});
    auto const score = detail::scores_of(task_, std::span<drawn_completion<typename Task::row> const>(to_score));
    std::vector<detail::group_scores> of_group(prompts.size());
    double largest = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      std::size_t p = i / G, g = i % G;
      summary.steps += std::int64_t(all[i].tokens.size());
      if (std::isnan(score[i])) continue;
      if (std::isinf(score[i]))
        throw value_error("completions: the score of completion " + std::to_string(g) + " of prompt " +
                          std::to_string(p) + " is infinite");
      largest = std::max(largest, std::abs(score[i]));
      counter.add(double(all[i].tokens.size()), all[i].stopped);
      summary.episode_returns.push_back(score[i]);
    }
    for (std::size_t i = 0; i < all.size(); ++i)
      if (!std::isnan(score[i])) of_group[i / G].add(score[i], largest);
    std::vector<int> times(all.size(), 1);
    if (options_.score_power > 0)
      times = detail::resampled_counts(score, options_.score_power, stream_id{seed_, draw_purpose::filter, rounds_});
    std::vector<double> baseline =
        options_.greedy ? greedy_scores(backend, policy, rows, prompts, summary) : std::vector<double>{};
    bool all_stay = options_.resample == 0 && !options_.drop_equal, none_yet = batch_.groups_count() == 0,
         any = all_stay;
    for (auto const& s : of_group) any = any || s.differs();
    for (std::size_t p = 0; p < prompts.size(); ++p) {
      if (of_group[p].count == 0) continue;
      bool teaches = all_stay || of_group[p].differs() || (last && none_yet && !any),
           room = batch_.groups_count() < options_.prompts;
      bool drawn = std::any_of(times.begin() + std::ptrdiff_t(p * G), times.begin() + std::ptrdiff_t((p + 1) * G),
                               [](int n) { return n > 0; });
      counter.add_group(of_group[p], teaches && room && drawn);
      if (!teaches || !room || !drawn) continue;
      batch_.begin_group(prompts[p]);
      for (std::size_t i = p * G; i < (p + 1) * G; ++i)
        for (int n = std::isnan(score[i]) ? 0 : times[i]; n > 0; --n) {
          batch_.add(all[i].tokens, how.keep ? all[i].sampler_logp : all[i].logp, all[i].sampler_logp, score[i],
                     n > 1 ? all[i].kept : std::move(all[i].kept),
                     options_.temperatures.empty() ? 0. : all[i].temperature);
          if (options_.greedy) batch_.add_greedy_score(baseline[p]);
          if constexpr (detail::has_parts<Task>) batch_.add_parts(task_.parts(rows[p], all[i].tokens, all[i].stopped));
        }
    }
  }

  /// What the likeliest completion of each prompt is worth.
  std::vector<double> greedy_scores(B& backend, Policy& policy, std::vector<typename Task::row> const& rows,
                                    std::vector<std::vector<std::int32_t>> const& prompts, rollout_summary& summary) {
    generation_options how{1,
                           options_.max_tokens,
                           task_.stop(),
                           {.temperature = 0, .repetition_penalty = options_.sampler.repetition_penalty},
                           {},
                           options_.allowed};
    auto likeliest = generate_(backend, policy, prompts, how, stream_id{seed_, draw_purpose::action, rounds_});
    std::vector<double> scores;
    for (std::size_t p = 0; p < prompts.size(); ++p) {
      summary.steps += std::int64_t(likeliest[p].tokens.size());
      scores.push_back(
          detail::score_of(task_, rows[p], likeliest[p].tokens, likeliest[p].stopped, {std::ptrdiff_t(p), 0}));
      if (!std::isfinite(scores.back()))
        throw value_error("completions: the score of the likeliest completion of prompt " + std::to_string(p) + " is " +
                          detail::text(scores.back()) + ", expected a finite number");
    }
    return scores;
  }

  /// The value before each token; the value after it is that before the next, and it is not read where the completion
  /// ends.
  void find_values(B& backend, Policy& policy) {
    batch_type& b = batch_;
    backend.resize(b.value, b.R);
    backend.resize(b.next_value, b.R);
    passes_.evaluate(backend, policy, std::as_const(policy).parameters(), b, b.old_logp.all(), b.value.all());
    view<T> next = b.next_value.all();
    detail::copy_to(backend, next.part(0, b.R - 1), b.value.all().part(1, b.R - 1));
    detail::fill_with(backend, next.part(b.R - 1, 1), 0);
    b.has_values = true;
  }

  completions options_;
  Task const& task_;
  std::uint64_t seed_;
  std::uint32_t rounds_ = 0;
  generator<B> generate_;
  completion_packings<B> passes_;
  batch_type batch_;
};

}  // namespace COHORT_NAMESPACE
