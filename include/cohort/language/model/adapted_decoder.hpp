#pragma once
#include <cohort/language/model/frozen_model.hpp>
#include <cohort/random/stream.hpp>

namespace COHORT_NAMESPACE {

/// A decoder whose own numbers are frozen, and whose parameters are those of adapters: to whoever trains it or
/// generates with it, a decoder. Without parameters (a view of nothing) it is what it was before.
template <backend B>
class adapted_decoder {
  using T = value_t<B>;

 public:
  using cache = typename decoder<B>::cache;

  adapted_decoder(frozen_model<B> base, lora_options const& adapters)
      : base_(std::move(base)), layout_(lay_out(base_.options(), adapters)) {
    base_.network().adapt(layout_);
  }

  decoder_options const& options() const { return base_.options(); }
  frozen_model<B> const& base() const { return base_; }
  lora_layout const& adapters() const { return layout_; }
  std::ptrdiff_t parameters() const { return layout_.parameters(); }
  template <class F>
  void for_each_matrix(F f) const {
    for (auto const& t : layout_.tensors) f(parameter_matrix{t.offset, t.rows, t.columns, matrix_place::hidden});
  }
  /// A as PEFT draws it, and B = 0.
  std::vector<T> starting_numbers(random_seed s) const {
    std::vector<T> start(std::size_t(parameters()), T(0));
    std::uint32_t number = 0;
    for (auto const& t : layout_.tensors) {
      random_stream draws(stream_id{s.value, draw_purpose::initialization, number++});
      double const bound = 1 / std::sqrt(double(t.columns));
      if (t.name.ends_with("lora_A.weight"))
        for (std::ptrdiff_t i = 0; i < t.size(); ++i)
          start[std::size_t(t.offset + i)] = T(draws.uniform(-bound, bound));
    }
    return start;
  }

  // As a decoder has them.
  void keep(activations what) { base_.network().keep(what); }
  template <class U>
  view<U> head(view<U>) const {
    return {};
  }
  void prepare(B& b, view<T const>) { base_.network().prepare(b, base_.parameters()); }
  void forget() { base_.network().forget(); }
  weight_factor<B> head_factor(view<T const>) const { return base_.network().head_factor(base_.parameters()); }
  void reserve(B& b, cache& c, std::ptrdiff_t rows) const { base_.network().reserve(b, c, rows); }
  view<T> forward(B& b, view<T const> parameters, packed_tokens const& in) {
    return base_.network().forward(b, {base_.parameters(), parameters}, in);
  }
  view<T> forward(B& b, view<T const> parameters, packed_tokens const& in, cache& c, view<std::int32_t const> into) {
    return base_.network().forward(b, {base_.parameters(), parameters}, in, c, into);
  }
  void backward(B& b, view<T const> parameters, packed_tokens const& in, view<T> dhidden, view<T> gradient) {
    base_.network().backward(b, {base_.parameters(), parameters}, in, dhidden, {view<T>{}, gradient});
  }
  std::size_t activation_bytes() const { return base_.network().activation_bytes(); }

 private:
  frozen_model<B> base_;
  lora_layout layout_;
};

}  // namespace COHORT_NAMESPACE
