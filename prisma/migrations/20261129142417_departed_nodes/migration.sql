-- CreateTable
CREATE TABLE "DepartedNode" (
    "id" TEXT NOT NULL,
    "cacheId" TEXT NOT NULL,
    "shardIndex" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "leftAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "DepartedNode_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "DepartedNode_cacheId_leftAt_idx" ON "DepartedNode"("cacheId", "leftAt");

-- CreateIndex
CREATE INDEX "DepartedNode_leftAt_idx" ON "DepartedNode"("leftAt");

-- AddForeignKey
ALTER TABLE "DepartedNode" ADD CONSTRAINT "DepartedNode_cacheId_fkey" FOREIGN KEY ("cacheId") REFERENCES "Cache"("id") ON DELETE CASCADE ON UPDATE CASCADE;
