#pragma once
#include <cohort/error.hpp>
#include <cohort/language/task/language_task.hpp>
#include <numeric>
#include <optional>

namespace COHORT_NAMESPACE::language {

/// Which row of `count` the draw `number` of a run is: each row once an epoch, in an order that is each epoch's own
/// (Fisher and Yates). It depends on the seed and the number alone, so a run that goes on from a checkpoint goes on in
/// the order of the one that wrote it. It remembers the last epoch's order; one thread at a time may ask.
class epoch_order {
 public:
  explicit epoch_order(std::size_t count) : order_(count) {
    detail::require(count > 0 && count <= 0xFFFFFFFFu, "epoch_order", "count", double(count),
                    "a number from 1 to 2^32 - 1");
  }

  std::size_t count() const { return order_.size(); }
  std::size_t operator()(row_number draw) {
    std::uint64_t const epoch = draw.number / count();
    if (!known_ || known_->seed != draw.seed || known_->number != epoch) shuffle({draw.seed, epoch});
    return order_[std::size_t(draw.number % count())];
  }

 private:
  void shuffle(row_number epoch) {
    std::iota(order_.begin(), order_.end(), std::size_t(0));
    random_stream draws(
        stream_id{epoch.seed, draw_purpose::reset, std::uint32_t(epoch.number), std::uint32_t(epoch.number >> 32)});
    for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[draws.integer(std::uint32_t(i))]);
    known_ = epoch;
  }
  std::vector<std::size_t> order_;
  std::optional<row_number> known_;  // the seed, and the epoch in the number's place
};

}  // namespace COHORT_NAMESPACE::language
