# fish completion of smartlink; made by: smartlink completion fish
function __smartlink_complete
	set -l words (commandline -opc) (commandline -ct)
	set -l program $words[1]
	for line in ($program __complete -- $words[2..-1] 2>/dev/null)
		if test "$line" = ":files"
			__fish_complete_path (commandline -ct)
		else
			echo $line
		end
	end
end
complete -c smartlink -f -a '(__smartlink_complete)'
