#pragma once
#include <sqlite3.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace cli {

/// An SQLite file. Raises std::runtime_error with SQLite's reason.
class database {
 public:
  explicit database(std::string path) : path_(std::move(path)) {
    sqlite3* opened = nullptr;
    int const failed = sqlite3_open(path_.c_str(), &opened);
    db_.reset(opened);
    if (failed) fail();
    sqlite3_busy_timeout(opened, 10'000);
  }

  /// One statement with its parameters, ?1 and so on; row(statement) for each row.
  template <class Row, class... X>
  void each(std::string const& sql, Row row, X const&... parameters) {
    sqlite3_stmt* made = nullptr;
    if (sqlite3_prepare_v2(db_.get(), sql.c_str(), -1, &made, nullptr)) fail();
    std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> const statement(made, sqlite3_finalize);
    int i = 0;
    (bind(made, ++i, parameters), ...);
    for (int state; (state = sqlite3_step(made)) != SQLITE_DONE;) {
      if (state != SQLITE_ROW) fail();
      row(made);
    }
  }
  template <class... X>
  void run(std::string const& sql, X const&... parameters) {
    each(sql, [](sqlite3_stmt*) {}, parameters...);
  }

  static std::string text(sqlite3_stmt* s, int column) {
    auto const* found = reinterpret_cast<char const*>(sqlite3_column_text(s, column));
    return found ? found : "";
  }

 private:
  template <class X>
  void bind(sqlite3_stmt* s, int i, X const& x) {
    if constexpr (std::is_integral_v<X>) sqlite3_bind_int64(s, i, x);
    else if constexpr (std::is_floating_point_v<X>) sqlite3_bind_double(s, i, x);
    else sqlite3_bind_text(s, i, std::string(x).c_str(), -1, SQLITE_TRANSIENT);
  }
  [[noreturn]] void fail() const { throw std::runtime_error(path_ + ": " + sqlite3_errmsg(db_.get())); }

  struct close {
    void operator()(sqlite3* db) const { sqlite3_close(db); }
  };
  std::string path_;
  std::unique_ptr<sqlite3, close> db_;
};

}  // namespace cli
