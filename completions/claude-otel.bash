# Completion of claude-otel for bash. Made from the program's own table by `npm run docs`.
# Source it, or put it as claude-otel into ~/.local/share/bash-completion/completions/.

_claude_otel() {
	local current=${COMP_WORDS[COMP_CWORD]} index
	COMPREPLY=()
	for ((index = 1; index < COMP_CWORD; index++)); do
		case ${COMP_WORDS[index]} in
		--summary | --use-sdk | --no-emoji | --claude-otel-debug | --claude-otel-debug=*) ;;
		# A path behind it: bash makes words of both.
		=) ((index++)) ;;
		install-hooks)
			COMPREPLY=($(compgen -W "--project --local" -- "$current"))
			return
			;;
		uninstall-hooks)
			COMPREPLY=($(compgen -W "--project --local" -- "$current"))
			return
			;;
		check)
			COMPREPLY=($(compgen -W "--json" -- "$current"))
			return
			;;
		recover | flush | demo | --config | --version | --help)
			compopt +o default +o bashdefault
			return
			;;
		*)
			_claude_otel_claude
			return
			;;
		esac
	done
	[[ $current == = || ${COMP_WORDS[COMP_CWORD - 1]} == = ]] && return
	COMPREPLY=($(compgen -W "install-hooks uninstall-hooks recover flush demo check --config --version --summary --use-sdk --no-emoji --claude-otel-debug --help" -- "$current"))
}

# What completes claude itself, where there is something.
_claude_otel_claude() {
	local entry
	entry=$(complete -p claude 2>/dev/null) || return 0
	[[ $entry =~ \ -F\ ([^ ]+) ]] && "${BASH_REMATCH[1]}" claude "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
}

complete -o default -o bashdefault -F _claude_otel claude-otel
