#pragma once
#include <bit>
#include <cohort/file/checksum.hpp>
#include <cohort/file/protobuf.hpp>
#include <cohort/hook/log_file.hpp>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <span>
#include <system_error>

namespace COHORT_NAMESPACE {

namespace detail {

/// A record of a TFRecord file: its length, the length's checksum, itself, its checksum. Checksums are CRC-32C, rotated
/// and moved, so that one of bytes that have a checksum in them is no weaker
/// (tensorflow.org/tutorials/load_data/tfrecord).
inline std::string tf_record(std::string_view data) {
  auto const masked = [](std::string_view bytes) {
    std::uint32_t const c = file::crc32c(std::as_bytes(std::span(bytes)));
    return std::rotr(c, 15) + 0xa282ead8u;
  };
  auto const raw = [](auto const& x) { return std::string_view(reinterpret_cast<char const*>(&x), sizeof x); };
  std::uint64_t const length = data.size();
  std::uint32_t const of_length = masked(raw(length)), of_data = masked(data);
  std::string record;
  for (auto part : {raw(length), raw(of_length), data, raw(of_data)}) record += part;
  return record;
}

inline double seconds_since_1970() {
  std::timespec now{};
  std::timespec_get(&now, TIME_UTC);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

}  // namespace detail

/// An event file that TensorBoard shows: after each update the metrics of describe_metrics and columns of one's own, as
/// scalars over the steps (of a language model's run over the updates). What is not a number is left out. A hook of
/// `train`.
///
///     tensorboard_log{"runs/cart_pole"}      tensorboard --logdir runs
///
/// The folder is made. Raises io_error if it has an event file already, whose curves TensorBoard would mix with these
/// (unless they may be replaced: they are then removed), or if the system fails; value_error for a column's name that
/// is missing or comes twice. With existing::append, for a run that goes on, they stay, and TensorBoard leaves out what
/// they have of updates that this file has as well.
class tensorboard_log {
 public:
  /// The clock's seconds since 1970 are the events' times, for people to read.
  explicit tensorboard_log(std::filesystem::path const& folder, existing what = existing::refuse,
                           std::vector<log_column> own = {}, double (*clock)() = detail::seconds_since_1970)
      : row_("tensorboard_log", std::move(own)),
        clock_(clock),
        goes_on_(what == existing::append),
        file_("tensorboard_log", path_in(folder, what, clock()), existing::refuse) {
    begin(clock());
    event_.text(3, "brain.Event:2");
    file_.write(detail::tf_record(event_.bytes()));
  }
  tensorboard_log(std::filesystem::path const& folder, std::vector<log_column> own)
      : tensorboard_log(folder, existing::refuse, std::move(own)) {}

  void on_update(train_report const& r) {
    summary_.clear();
    row_.each(r, [&](std::string_view name, double value) {
      if (!std::isfinite(value)) return;
      value_.clear();
      summary_.message(1, value_.text(1, name).number(2, float(value)));
    });
    std::int64_t const step = r.completions.count > 0 ? r.updates : r.steps;
    if (goes_on_) {  // the start of a session, by which TensorBoard drops events of this step and later ones
      begin(clock_());
      event_.integer(2, step), event_.message(7, session_.integer(1, 1));
      file_.write(detail::tf_record(event_.bytes()));
      goes_on_ = false;
    }
    begin(clock_());
    event_.integer(2, step);
    event_.message(5, summary_);
    file_.write(detail::tf_record(event_.bytes()));
  }

 private:
  void begin(double now) { event_.clear(), event_.number(1, now); }

  static std::string path_in(std::filesystem::path const& folder, existing what, double now) {
    namespace fs = std::filesystem;
    std::error_code failed;
    auto const require = [&](char const* what_failed, fs::path const& path) {
      if (failed) throw io_error("tensorboard_log: " + path.string() + what_failed + failed.message());
    };
    fs::create_directories(folder, failed);
    require(" cannot be made: ", folder);
    std::vector<fs::path> there;
    for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed))
      if (it->path().filename().string().find("tfevents") != std::string::npos) there.push_back(it->path());
    require(" cannot be read: ", folder);
    if (what == existing::append) {
      auto last = (long long)(now);
      for (auto const& old : there) last = std::max(last, second_of(old.filename().string()) + 1);
      return (folder / name_of(last)).string();
    }
    for (auto const& old : there) {
      if (what == existing::refuse)
        throw io_error("tensorboard_log: " + old.string() + " exists already, and was not to be replaced");
      fs::remove(old, failed);
      require(" cannot be removed: ", old);
    }
    return (folder / name_of((long long)(now))).string();
  }
  /// TensorBoard reads files in the order of their names.
  static std::string name_of(long long second) {
    char name[60];
    std::snprintf(name, sizeof name, "%s%010lld.cohort", begin_of_name, second);
    return name;
  }
  static long long second_of(std::string const& name) {
    long long second = 0;
    std::size_t const at = std::string_view(begin_of_name).size();
    if (name.starts_with(begin_of_name)) std::from_chars(name.data() + at, name.data() + name.size(), second);
    return second;
  }

  static constexpr char const* begin_of_name = "events.out.tfevents.";
  detail::log_row row_;
  double (*clock_)();
  bool goes_on_;
  detail::log_file file_;
  file::protobuf_message value_, summary_, event_, session_;
};

}  // namespace COHORT_NAMESPACE
