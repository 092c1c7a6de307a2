#pragma once
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "../program/signals.hpp"
#include "exam.hpp"
#include "recipes.hpp"

namespace addition {

struct settings {
  int digits = 3;
  std::uint64_t seed = 1;
  int threads = 0;                              ///< 0: one for each of the machine
  std::vector<std::string> algorithms{"grpo"};  ///< each from where SFT stopped
  double sft_until = .5;                        ///< the share of the held-out sums that are right
  double goal = .95;
  long sft_updates = 5000, updates = 1000;  ///< at most
  bool control = true;                      ///< go on with SFT for as long as the first algorithm took
};

/// What the exam said after some updates of a phase.
struct exam_point {
  long updates;
  double seconds;  ///< of training, within the phase
  double right;
};

/// One phase: SFT, an algorithm, or the SFT that goes on beside it.
struct phase {
  std::string name;
  std::vector<exam_point> exams;
  double seconds = 0;  ///< of training; exams do not count
  long updates = 0;
  std::size_t parameter_bytes = 0, optimizer_bytes = 0, activation_bytes = 0;
  bool reached = false;  ///< what it was to reach
  std::vector<sample> samples{};
  double right() const { return exams.empty() ? 0 : exams.back().right; }
};

struct story {
  settings asked;
  std::vector<phase> phases;
  std::vector<std::vector<float>> parameters{};  ///< of the decoder, after each phase
  bool stopped = false;                          ///< by a signal, so that the last phase is cut short
};

/// What happens meanwhile, to whoever wants to know.
struct listener {
  std::function<void(std::string const& phase, cohort::train_report const&, record const&)> update;
  std::function<void(phase const&)> exam;
};

/// From nothing: SFT until about half of the held-out sums are right; from there each algorithm until its goal; and as
/// the control the SFT goes on for as many seconds as the first of them took. The seed decides everything but the end
/// of the control. After a signal it ends with what there is.
class storyteller {
 public:
  storyteller(settings const& asked, listener to)
      : asked_(asked), to_(std::move(to)), lesson_(asked.digits), cpu_(threads_of(asked)), exam_(lesson_) {}

  story operator()() {
    story all{asked_, {}};
    cohort::language_model model{cpu_, model_shape(lesson_), cohort::random_seed{asked_.seed}};
    first_part hook{*this, all, {}};
    hook.sft.name = "sft";
    lesson_.record_to(nullptr);
    cohort::train(cpu_, sft(), lesson_, model,
                  {.steps = without_end, .updates = asked_.sft_updates * 100, .seed = asked_.seed}, hook);
    all.stopped = program::signal_seen();
    return all;
  }
  lesson const& about() const { return lesson_; }

 private:
  static constexpr std::int64_t without_end = std::numeric_limits<std::int64_t>::max();
  using model_type = cohort::language_model<machine>;

  static cohort::eigen::options threads_of(settings const& asked) {
    cohort::eigen::options o;
    if (asked.threads > 0) o.threads = asked.threads;
    return o;
  }

  /// The hook of SFT. When it has got far enough, the algorithms run; then SFT goes on from where it was, its
  /// optimizer's state included.
  struct first_part {
    storyteller& self;
    story& all;
    phase sft;
    double until = 0;  ///< when the control is over, in seconds of SFT

    bool on_update(cohort::train_report const& r, model_type& model) {
      phase& now = until == 0 ? sft : all.phases.back();
      double const before = until == 0 ? 0 : sft.seconds;
      long const updates_before = until == 0 ? 0 : sft.updates;
      self.to_.update(now.name, r, {});
      bool const stopped = program::signal_seen(), over = stopped || (until > 0 && r.seconds >= until);
      long const every = now.right() < .1    ? 10
                         : now.right() < .3  ? 5
                         : now.right() < .95 ? 2
                                             : 50;  // it rises steeply between
      if (r.updates % every != 0 && !over) return false;
      self.take_exam(now, model, r, {long(r.updates) - updates_before, r.seconds - before, 0},
                     until == 0 ? self.asked_.sft_until : self.asked_.goal);
      if (until > 0) {
        if (over) all.parameters.push_back(decoder_of(model));
        return over;
      }
      if (!now.reached && r.updates < self.asked_.sft_updates && !stopped) return false;
      auto const start = decoder_of(model);
      all.phases.push_back(sft);
      all.parameters.push_back(start);
      if (!now.reached) return true;
      for (auto const& name : self.asked_.algorithms)
        if (!program::signal_seen()) self.learn(all, name, start);
      if (!self.asked_.control || program::signal_seen()) return true;
      until = r.seconds + all.phases[1].seconds;
      all.phases.push_back({.name = "sft_goes_on", .exams = {{0, 0, sft.right()}}});
      return false;
    }
  };

  /// The hook of an algorithm.
  struct second_part {
    storyteller& self;
    phase& now;
    record& seen;
    template <class Model>
    bool on_update(cohort::train_report const& r, Model& model) {
      self.to_.update(now.name, r, seen);
      now.samples = seen.samples();
      seen.clear();
      bool const stopped = program::signal_seen();
      if (r.updates % 20 != 0 && r.updates < self.asked_.updates && !stopped) return false;
      return self.take_exam(now, model, r, {long(r.updates), r.seconds, 0}, self.asked_.goal) || stopped;
    }
  };

  void learn(story& all, std::string const& name, std::vector<float> const& start) {
    using namespace cohort;
    phase now{.name = name, .exams = {{0, 0, all.phases[0].right()}}};
    record seen;
    lesson_.record_to(&seen);
    auto run = [&](auto model) {
      std::copy(start.begin(), start.end(),
                model.parameters().data);  // the value head, if there is one, comes after them
      return [this, model = std::move(model), &now, &seen, &all](auto const& algorithm) mutable {
        second_part hook{*this, now, seen};
        train(cpu_, algorithm, lesson_, model, {.steps = without_end, .updates = asked_.updates, .seed = asked_.seed},
              hook);
        all.parameters.push_back(decoder_of(model));
      };
    };
    auto const shape = model_shape(lesson_);
    if (has_critic(name)) with_critic(lesson_, name, run(language_model_with_value{cpu_, shape}));
    else with_algorithm(lesson_, name, run(language_model{cpu_, shape}));
    lesson_.record_to(nullptr);
    all.phases.push_back(std::move(now));
  }

  /// Whether the phase has reached what it is to reach.
  template <class Model>
  bool take_exam(phase& now, Model& model, cohort::train_report const& r, exam_point point, double goal) {
    point.right = exam_(cpu_, model);
    now.exams.push_back(point);
    now.seconds = point.seconds, now.updates = point.updates;
    now.parameter_bytes = r.parameter_bytes, now.optimizer_bytes = r.optimizer_bytes,
    now.activation_bytes = model.activation_bytes();
    now.reached = now.right() >= goal;
    to_.exam(now);
    return now.reached;
  }
  template <class Model>
  static std::vector<float> decoder_of(Model& model) {
    auto const all = model.parameters();
    return {all.data, all.data + model.network().parameters()};
  }

  settings asked_;
  listener to_;
  lesson lesson_;
  machine cpu_;
  exam<machine> exam_;
};

}  // namespace addition
