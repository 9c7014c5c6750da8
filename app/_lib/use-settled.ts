"use client";

import { useEffect, useState } from "react";

/** The value once it has stayed the same for `quietMs`, so that typing doesn't report every letter. */
export function useSettled<Value>(value: Value, quietMs: number): Value {
	const [settled, setSettled] = useState(value);
	useEffect(() => {
		const timer = setTimeout(() => setSettled(value), quietMs);
		return () => clearTimeout(timer);
	}, [value, quietMs]);
	return settled;
}
