import { type RefObject, useEffect } from "react";

/**
 * Keeps the focus in an input while `isHeld`. A dialog that is still closing keeps the focus when another opens above
 * it, and then gives it to what had opened it. Acts at most once a frame, so that two holders can't trigger each other
 * endlessly.
 */
export function useHeldFocus(input: RefObject<HTMLInputElement | null>, isHeld: boolean): void {
	useEffect(() => {
		if (!isHeld) return;
		let frame = 0;
		const hold = () => {
			cancelAnimationFrame(frame);
			frame = requestAnimationFrame(() => {
				if (document.activeElement !== input.current) input.current?.focus();
			});
		};
		hold();
		document.addEventListener("focusin", hold);
		document.addEventListener("focusout", hold);
		return () => {
			cancelAnimationFrame(frame);
			document.removeEventListener("focusin", hold);
			document.removeEventListener("focusout", hold);
		};
	}, [input, isHeld]);
}
