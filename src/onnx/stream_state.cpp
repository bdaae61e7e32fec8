// SPDX-License-Identifier: MIT
#include "onnx/stream_state.hpp"

#include <iterator>

namespace glowvox::onnx {

Value StreamState::extend(const Value& x, std::int64_t channels, std::int64_t rows) {
  if (rows == 0) return x;
  const Value extended = builder_.concat({take("past", channels, rows), x}, 2);
  keep(builder_.slice(extended, 2, -rows, Builder::kEnd));
  return extended;
}

Value StreamState::take(const std::string& name, std::int64_t channels, std::int64_t rows) {
  pieces_.push_back({builder_.name(name), "", channels, rows});
  return pieces_.back().taken;
}

void StreamState::keep(const Value& piece) { pieces_[kept_++].kept = piece; }

std::int64_t StreamState::finish() {
  Graph& graph = builder_.graph();
  builder_.set_scope("state");
  // Taken pieces come before all other nodes.
  std::vector<Node> others;
  std::swap(others, graph.nodes);
  std::vector<std::int64_t> sizes;
  std::int64_t size = 0;
  for (const Piece& piece : pieces_) {
    sizes.push_back(piece.channels * piece.rows);
    size += sizes.back();
  }
  const std::vector<Value> flat = builder_.split("state", sizes);
  for (std::size_t i = 0; i < pieces_.size(); ++i)
    graph.nodes.push_back({"Reshape",
                           {flat[i], builder_.ints({0, pieces_[i].channels, pieces_[i].rows})},
                           {pieces_[i].taken},
                           {}});
  graph.nodes.insert(graph.nodes.end(), std::make_move_iterator(others.begin()),
                     std::make_move_iterator(others.end()));
  std::vector<Value> kept;
  for (const Piece& piece : pieces_) kept.push_back(builder_.reshape(piece.kept, {0, -1}));
  graph.nodes.push_back({"Concat", kept, {"next_state"}, {{"axis", std::int64_t{1}}}});
  graph.inputs.push_back({"state", {"batch", size}});
  graph.outputs.push_back({"next_state", {"batch", size}});
  return size;
}

}  // namespace glowvox::onnx
