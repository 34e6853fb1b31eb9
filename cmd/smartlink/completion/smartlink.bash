# bash completion of smartlink; made by: smartlink completion bash
_smartlink() {
	local line word files= cur=${COMP_WORDS[COMP_CWORD]}
	# bash takes --flag=value apart into three words.
	local words=() i
	for ((i = 1; i <= COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} == "=" && ${#words[@]} -gt 0 ]]; then
			words[-1]+="="
		elif [[ ${#words[@]} -gt 0 && ${words[-1]} == -*= ]]; then
			words[-1]+=${COMP_WORDS[i]}
		else
			words+=("${COMP_WORDS[i]}")
		fi
	done
	[[ $cur == "=" ]] && cur=
	COMPREPLY=()
	while IFS= read -r line; do
		word=${line%%$'\t'*}
		if [[ $word == ":files" ]]; then
			files=1
		elif [[ -n $word ]]; then
			[[ $word == --*=* ]] && word=${word#*=}
			COMPREPLY+=("$(printf '%q' "$word") ")
		fi
	done < <("${COMP_WORDS[0]}" __complete -- "${words[@]}" 2>/dev/null)
	if [[ -n $files ]]; then
		while IFS= read -r word; do
			[[ -d $word ]] && word+=/ || word+=" "
			COMPREPLY+=("$word")
		done < <(compgen -f -- "$cur")
	fi
}
complete -o nospace -F _smartlink smartlink
