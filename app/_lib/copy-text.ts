/** Puts text on the clipboard. Works on insecure origins too, where `navigator.clipboard` is missing. */
export async function copyText(text: string): Promise<boolean> {
	if (window.isSecureContext) {
		try {
			await navigator.clipboard.writeText(text);
			return true;
		} catch {
			// Permission denied: the older way below needs none.
		}
	}
	const area = document.createElement("textarea");
	area.value = text;
	area.setAttribute("readonly", "");
	area.style.position = "fixed";
	area.style.opacity = "0";
	// Inside an open dialog, because a dialog keeps focus away from the rest of the page.
	const host = document.activeElement?.closest('[role="dialog"]') ?? document.body;
	const focused = document.activeElement;
	host.append(area);
	area.select();
	const copied = document.execCommand("copy");
	area.remove();
	if (focused instanceof HTMLElement) focused.focus();
	return copied;
}
