package link

func Helper() {}
