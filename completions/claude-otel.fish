# Completion of claude-otel for fish. Made from the program's own table by `npm run docs`.
# Put it into ~/.config/fish/completions/.

# The first word that is no flag of ours behind which ours still count.
function __claude_otel_word
	for word in (commandline -opc)[2..]
		switch $word
			case '--summary' '--use-sdk' '--no-emoji' '--claude-otel-debug' '--claude-otel-debug=*'
			case '*'
				echo $word
				return
		end
	end
end

function __claude_otel_in_front
	test -z "$(__claude_otel_word)"
end

function __claude_otel_behind
	contains -- "$(__claude_otel_word)" $argv
end

complete -c claude-otel --wraps claude
# Ours take no files but behind an equals sign.
complete -c claude-otel -f -n '__claude_otel_in_front; and not string match -q -- "--*=*" (commandline -ct)'
complete -c claude-otel -f -n '__claude_otel_behind install-hooks uninstall-hooks check recover flush demo --config --version --help'
complete -c claude-otel -n '__claude_otel_in_front' -a install-hooks -d 'also trace sessions that are started without claude-otel, once a service listens'
complete -c claude-otel -n '__claude_otel_in_front' -a uninstall-hooks -d 'take exactly that out again'
complete -c claude-otel -n '__claude_otel_in_front' -a recover -d 'tell sessions to their end whose claude-otel was killed, and export what was not delivered'
complete -c claude-otel -n '__claude_otel_in_front' -a flush -d 'deliver what waits because a collector did not take it'
complete -c claude-otel -n '__claude_otel_in_front' -a demo -d 'a scripted session of the real claude, without account or network, and its trace as a tree'
complete -c claude-otel -n '__claude_otel_in_front' -a check -d 'try everything that a run needs, and tell what is broken and how to mend it'
complete -c claude-otel -n '__claude_otel_in_front' -l config -d 'the effective configuration, each value with its origin'
complete -c claude-otel -n '__claude_otel_in_front' -l version -d 'the versions of claude-otel and of claude'
complete -c claude-otel -n '__claude_otel_in_front' -l summary -d 'before claude'\''s arguments: what the session took, when claude has left the terminal'
complete -c claude-otel -n '__claude_otel_in_front' -l use-sdk -d 'runs the prompt by the Agent SDK instead of `claude -p`; without one, a conversation'
complete -c claude-otel -n '__claude_otel_in_front' -l no-emoji -d 'with --use-sdk, before claude'\''s arguments: plain signs in the conversation'
complete -c claude-otel -n '__claude_otel_in_front' -l claude-otel-debug -d 'diagnostics into a file, or to stderr when claude has left'
complete -c claude-otel -n '__claude_otel_in_front' -l help -d 'this text, then claude'\''s own'
complete -c claude-otel -n '__claude_otel_behind install-hooks' -l project -d 'in this project'\''s .claude/settings.json instead of the user'\''s'
complete -c claude-otel -n '__claude_otel_behind install-hooks' -l local -d 'in this project'\''s .claude/settings.local.json'
complete -c claude-otel -n '__claude_otel_behind uninstall-hooks' -l project -d 'in this project'\''s .claude/settings.json instead of the user'\''s'
complete -c claude-otel -n '__claude_otel_behind uninstall-hooks' -l local -d 'in this project'\''s .claude/settings.local.json'
complete -c claude-otel -n '__claude_otel_behind check' -l json -d 'the same as data'
