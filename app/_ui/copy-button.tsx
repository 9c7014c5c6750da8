"use client";

import { Button } from "@heroui/react";
import { Check, Copy, type LucideIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { copyText } from "../_lib/copy-text.ts";

interface CopyButtonProps {
	/** What is copied; a function is called when the button is pressed. */
	text: string | (() => Promise<string>);
	/** Names the thing: "Copy primary endpoint". */
	label: string;
	/** Words beside the icon, such as "Copy link". */
	words?: string;
	icon?: LucideIcon;
}

const SHOWN_MS = 1_600;

export function CopyButton({ text, label, words, icon: Icon = Copy }: CopyButtonProps) {
	const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
	useEffect(() => {
		if (state === "idle") return;
		const timer = setTimeout(() => setState("idle"), SHOWN_MS);
		return () => clearTimeout(timer);
	}, [state]);

	const copy = async () => {
		try {
			const value = typeof text === "string" ? text : await text();
			setState((await copyText(value)) ? "copied" : "failed");
		} catch {
			// The provider of the text shows the reason.
			setState("failed");
		}
	};
	const outcome = state === "copied" ? "Copied" : state === "failed" ? "Couldn't copy" : null;
	const hasWords = words !== undefined;
	return (
		<>
			<Button
				{...(!hasWords && { size: "sm" })}
				variant={hasWords ? "outline" : "ghost"}
				isIconOnly={!hasWords}
				aria-label={label}
				onPress={() => void copy()}
				className={hasWords ? "" : "size-7 min-w-0 text-muted md:size-7"}
			>
				{state === "copied" ? <Check aria-hidden className="text-success" /> : <Icon aria-hidden />}
				{hasWords && (outcome ?? words)}
			</Button>
			<span role="status" className="sr-only">
				{outcome ?? ""}
			</span>
		</>
	);
}
