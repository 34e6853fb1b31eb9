#compdef smartlink
# zsh completion of smartlink; made by: smartlink completion zsh
_smartlink() {
	local line word about files
	local -a found
	for line in "${(@f)$("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
		word=${line%%$'\t'*}
		about=${line#*$'\t'}
		if [[ $word == ":files" ]]; then
			files=1
		elif [[ -n $word ]]; then
			found+=("${word//:/\\:}:$about")
		fi
	done
	(( $#found )) && _describe -V smartlink found
	[[ -n $files ]] && _files
	return 0
}
if [[ $funcstack[1] == _smartlink ]]; then
	_smartlink "$@"
else
	compdef _smartlink smartlink
fi
