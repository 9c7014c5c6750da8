/** A notice's button that leads to a page; none if that page is already open. */
export function viewAction(label: string, path: string, go: (path: string) => void) {
	const { pathname, search } = window.location;
	const isOpen = path.includes("?") ? `${pathname}${search}` === path : pathname === path;
	return isOpen ? {} : { actionProps: { children: label, onPress: () => go(path) } };
}
