#pragma once
#include <cohort/language/rollout/completion_batch.hpp>
#include <cohort/update/minibatch.hpp>
#include <utility>

namespace COHORT_NAMESPACE {

/// Some groups of a completion_batch, packed for passes of about `rows` tokens each.
template <backend B>
class completion_packings {
 public:
  /// Which steps of the batch those of the packings are, one pass after the other.
  std::vector<std::int32_t> const& steps() const { return steps_; }

  void pack(B& backend, decoder_options const& shape, completion_batch<B> const& b,
            std::span<std::int32_t const> groups, std::ptrdiff_t rows) {
    used_ = 0;
    steps_.clear();
    token_packing<B>* open = nullptr;
    for (std::int32_t g : groups) {
      bool begun = false;
      for (std::int32_t n = b.group_first[std::size_t(g)]; n < b.group_first[std::size_t(g) + 1]; ++n) {
        auto const& prompt = b.prompt[std::size_t(g)];
        auto const& completion = b.completion[std::size_t(n)];
        auto more = std::ptrdiff_t(completion.size() + (begun ? 0 : prompt.size()));
        if (!open || (open->rows() > 0 && open->rows() + more > rows)) open = &next(), begun = false;
        if (!begun) open->prompt(shape, prompt), begun = true;
        open->completion(shape, completion, b.sampling(std::size_t(n)));
        for (std::int32_t i = b.step_first[std::size_t(n)]; i < b.step_first[std::size_t(n) + 1]; ++i)
          steps_.push_back(i);
      }
    }
    for (std::size_t k = 0; k < used_; ++k) packings_[k].finish(backend, shape);
  }

  /// f(packing, its first step among steps()) for each pass.
  template <class F>
  void each(F f) {
    std::ptrdiff_t first = 0;
    for (std::size_t k = 0; k < used_; ++k) {
      f(packings_[k], first);
      first += packings_[k].steps();
    }
  }

  /// Log-probabilities and (absent: not) values of all steps of the batch, in its order, by the policy under some
  /// parameters.
  template <class Policy>
  void evaluate(B& backend, Policy& policy, view<value_t<B> const> parameters, completion_batch<B> const& b,
                view<value_t<B>> logp, view<value_t<B>> value) {
    std::vector<std::int32_t> all(std::size_t(b.groups_count()));
    for (std::size_t g = 0; g < all.size(); ++g) all[g] = std::int32_t(g);
    pack(backend, policy.options(), b, all, policy.settings().rows_per_pass);
    each([&](token_packing<B> const& packing, std::ptrdiff_t first) {
      auto here = [&](view<value_t<B>> v) { return v ? v.part(first, packing.steps()) : v; };
      policy.evaluate(backend, parameters, packing, b.temperature, {here(logp), {}, here(value)});
    });
  }

 private:
  token_packing<B>& next() {
    if (used_ == packings_.size()) packings_.emplace_back();
    packings_[used_].clear();
    return packings_[used_++];
  }

  std::vector<token_packing<B>> packings_;
  std::size_t used_ = 0;
  std::vector<std::int32_t> steps_;
};

template <backend B>
template <class Policy>
void completion_batch<B>::evaluate_reference(B& backend, Policy& policy, view<T const> reference) {
  completion_packings<B> packings;
  backend.resize(this->ref_logp, this->M());
  packings.evaluate(backend, policy, reference, *this, this->ref_logp.all(), {});
}

/// Minibatches of whole groups.
template <backend B, class Policy>
class completion_minibatches {
  using T = value_t<B>;
  using array = typename B::template array<T>;

 public:
  std::ptrdiff_t count(completion_batch<B> const& b) const { return b.groups_count(); }
  void set_order(B&, std::span<std::int32_t const> order) { order_.assign(order.begin(), order.end()); }

  minibatch<T> whole(B& backend, completion_batch<B>& b) {
    order_.resize(std::size_t(count(b)));
    for (std::size_t g = 0; g < order_.size(); ++g) order_[g] = std::int32_t(g);
    return slice(backend, b, 0, count(b));
  }
  minibatch<T> slice(B& backend, completion_batch<B>& b, std::ptrdiff_t first, std::ptrdiff_t count) {
    batch_ = &b;
    groups_ = std::span(order_).subspan(std::size_t(first), std::size_t(count));
    packed_ = false;
    steps_.clear();
    for (std::int32_t g : groups_)
      for (std::int32_t i = b.step_first[std::size_t(b.group_first[std::size_t(g)])];
           i < b.step_first[std::size_t(b.group_first[std::size_t(g) + 1])]; ++i)
        steps_.push_back(i);
    backend.assign(index_, std::span<std::int32_t const>(steps_));
    auto M = std::ptrdiff_t(steps_.size());
    auto take = [&]<class U>(typename B::template array<U>& to, typename B::template array<U>& from) {
      backend.resize(to, M);
      backend.gather(to.all(), view<U const>(from.all()), view<std::int32_t const>(index_.all()));
      return to.all();
    };
    minibatch<T> m{
        .steps = {}, .advantage = take(advantage_, b.advantage), .groups = b.groups, .last = take(last_, b.terminated)};
    detail::take_terms<Policy::has_critic>(b, rooms_, m.steps,
                                           [&](auto& from, auto& room) { return take(room, from); });
    m.steps.advantage = m.advantage;
    m.steps.series_of = take(series_of_, b.series_of);
    m.steps.series = b.series.count();
    return m;
  }

  /// Log-probabilities, entropies and (absent: not) values of the minibatch made last, as the policy is now.
  void evaluate(B& backend, Policy& policy, view<T> logp, view<T> entropy, view<T> value = {}) {
    pack(backend, policy);
    packings_.each([&](token_packing<B> const& packing, std::ptrdiff_t first) {
      policy.evaluate(backend, view<T const>(policy.parameters()), packing, batch_->temperature,
                      {logp.part(first, packing.steps()), entropy.part(first, packing.steps()),
                       value ? value.part(first, packing.steps()) : value});
    });
  }

  template <class F>
  void accumulate_gradient(B& backend, Policy& policy, F partials) {
    pack(backend, policy);
    policy.zero_gradient(backend);
    packings_.each([&](token_packing<B> const& packing, std::ptrdiff_t before) {
      policy.accumulate_gradient(backend, packing, batch_->temperature, [&](std::ptrdiff_t first, auto const& now) {
        auto slope = partials(before + first, now);
        return head_results<T const>{slope.logp, slope.entropy, slope.value};
      });
    });
  }

 private:
  void pack(B& backend, Policy& policy) {
    if (!std::exchange(packed_, true))
      packings_.pack(backend, policy.options(), *batch_, groups_, policy.settings().rows_per_pass);
  }

  completion_batch<B>* batch_ = nullptr;
  std::vector<std::int32_t> order_, steps_;
  std::span<std::int32_t const> groups_;
  bool packed_ = false;
  completion_packings<B> packings_;
  array advantage_;
  std::array<array, std::size_t(detail::term_count)> rooms_;  // of the constant terms
  typename B::template array<std::int32_t> index_, series_of_;
  typename B::template array<std::uint8_t> last_;
};

}  // namespace COHORT_NAMESPACE
