"use client";

import { Kbd, Modal } from "@heroui/react";
import { Search } from "lucide-react";
import dynamic from "next/dynamic";
import { useEffect, useState } from "react";

const loadDialog = () => import("./palette-dialog.tsx");
const PaletteDialog = dynamic(async () => (await loadDialog()).PaletteDialog);

function isTyping(target: EventTarget | null): boolean {
	return (
		target instanceof HTMLElement &&
		(target.isContentEditable || target.closest("input, textarea, select, [role=dialog]") !== null)
	);
}

/** The search box. Ctrl-K and ⌘K open it from anywhere, and so does `/` outside of text fields and dialogs. */
export function Palette() {
	const [isOpen, setOpen] = useState(false);

	useEffect(() => {
		const onKeyDown = (event: KeyboardEvent) => {
			const isCommandK = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
			const isSlash =
				event.key === "/" &&
				!event.ctrlKey &&
				!event.metaKey &&
				!event.altKey &&
				!isTyping(event.target);
			if (!isCommandK && !isSlash) return;
			event.preventDefault();
			setOpen((open) => (isCommandK ? !open : true));
		};
		window.addEventListener("keydown", onKeyDown);
		return () => window.removeEventListener("keydown", onKeyDown);
	}, []);

	return (
		<>
			<button
				type="button"
				onClick={() => setOpen(true)}
				onPointerEnter={() => void loadDialog()}
				aria-keyshortcuts="/ Control+K Meta+K"
				className="flex h-8.5 w-full max-w-lg min-w-0 items-center gap-2 rounded-lg border border-border bg-well px-2.5 text-left text-muted hover:border-muted/50"
			>
				<Search aria-hidden className="size-4 shrink-0" />
				<span className="truncate">
					Search<span className="hidden md:inline"> caches, hosts, pages, actions</span>
				</span>
				<Kbd
					aria-hidden
					className="ml-auto hidden h-5 border border-border bg-surface px-1.5 sm:inline-flex"
				>
					/
				</Kbd>
			</button>
			<Modal.Backdrop isOpen={isOpen} onOpenChange={setOpen} variant="opaque">
				<Modal.Container placement="top" size="lg" className="sm:pt-[9vh]">
					<Modal.Dialog aria-label="Search" className="overflow-hidden p-0 sm:w-160 sm:max-w-160">
						<PaletteDialog isOpen={isOpen} onClose={() => setOpen(false)} />
					</Modal.Dialog>
				</Modal.Container>
			</Modal.Backdrop>
		</>
	);
}
