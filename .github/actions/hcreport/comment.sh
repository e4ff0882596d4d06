#!/usr/bin/env bash
# Writes one comment on a pull request, and writes it anew at the next run. A token that may not
# write, as for pull requests from forks, is no failure: the summary of the job says the same.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

# The first line is a mark that nobody sees. Only comments of this token's own author count:
# anybody may write a comment that begins with it.
MARK="$(head -n 1 "$SUMMARY_FILE")"
export MARK
case "$MARK" in
  '<!-- hcreport-summary '*) ;;
  *) exit 0 ;; # there was nothing to say
esac

comments="repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments"
mine='.[] | select(.user.login == "github-actions[bot]") | select(.body | startswith(env.MARK)).id'
place="$comments"
method=POST
if known="$(gh api --paginate "$comments" --jq "$mine")" && [ -n "$known" ]; then
  place="repos/$GITHUB_REPOSITORY/issues/comments/${known%%$'\n'*}"
  method=PATCH
fi
gh api --silent --method "$method" "$place" --field "body=@$SUMMARY_FILE" ||
  printf '::warning title=hcreport::%s\n' \
    "The comment was not written. The job needs the permission pull-requests: write."
