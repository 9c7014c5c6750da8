"use client";

import { Button } from "@heroui/react";
import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { copyText } from "../_lib/copy-text.ts";

interface CopyButtonProps {
	/** What is copied; a function is called when the button is pressed. */
	text: string | (() => Promise<string>);
	/** Names the thing: "Copy primary endpoint". */
	label: string;
	/** With the word beside the icon. */
	withWord?: boolean;
}

const SHOWN_MS = 1_600;

export function CopyButton({ text, label, withWord = false }: CopyButtonProps) {
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
	const word = state === "copied" ? "Copied" : state === "failed" ? "Couldn't copy" : "Copy";
	return (
		<>
			<Button
				size="sm"
				variant={withWord ? "outline" : "ghost"}
				isIconOnly={!withWord}
				aria-label={label}
				onPress={() => void copy()}
				className={withWord ? "" : "size-7 min-w-0 text-muted md:size-7"}
			>
				{state === "copied" ? <Check aria-hidden className="text-success" /> : <Copy aria-hidden />}
				{withWord && word}
			</Button>
			<span role="status" className="sr-only">
				{state === "idle" ? "" : word}
			</span>
		</>
	);
}
