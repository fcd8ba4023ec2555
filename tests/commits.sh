#!/usr/bin/env bash
# Subjects of commits are what CONTRIBUTING.md says: `room: what changes`, up to 72 characters, no full stop.
#
# Looks at the commits since this check came, merges excepted. In a shallow clone those are the ones it has.
set -euo pipefail
cd "$(dirname "$0")/.."

git rev-parse --git-dir >/dev/null 2>&1 || { echo "no git checkout, so no commits"; exit 77; }

subject='^[a-z0-9_./-]+(, [a-z0-9_./-]+)*: [^ ].*[^. ]$'
wrong=0 looked_at=0
mapfile -t since < <(git log --diff-filter=A --format=%H HEAD -- tests/commits.sh)
while read -r commit line; do
  looked_at=$((looked_at + 1))
  if [ "${#line}" -gt 72 ] || ! [[ $line =~ $subject ]]; then
    echo "$commit $line" >&2
    wrong=$((wrong + 1))
  fi
done < <([ "${#since[@]}" -eq 0 ] || git log --no-merges --format='%h %s' HEAD --not "${since[@]}")

echo "$looked_at commits, $wrong subjects that are not \`room: what changes\` in up to 72 characters"
[ "$wrong" -eq 0 ]
