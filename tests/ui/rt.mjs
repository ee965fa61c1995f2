import { ending, temporaryFolder } from "../hub/programs.mjs";
import { openBrowser, serveInterface } from "./host.mjs";
let end; const atEnd = ending((a)=>(end=a));
const shot = (n)=>page.screenshot({path:`/tmp/rt/${n}.png`});
import { execFileSync } from "node:child_process"; import {mkdirSync, writeFileSync, cpSync} from "node:fs";
mkdirSync("/tmp/rt",{recursive:true});
const home = "/tmp/rt-home"; 
const M=process.env.SIROCCO_TEST_MODEL;
const address = await serveInterface(atEnd, home, {SIROCCO_WORKER_DIR:process.env.SIROCCO_WORKER_DIR});
const b = await openBrowser(atEnd);
const page = await b.newPage({viewport:{width:1440,height:900}});
page.setDefaultTimeout(15000);
page.on("pageerror",e=>console.log("ERR",e)); page.on("console",m=>m.type()==="error"&&console.log("CON",m.text()));
try {
 await page.goto(address); await page.waitForTimeout(1500); await shot("1-start");
 await (await import("/tmp/rt.steps.mjs")).default({page, shot, M, writeFileSync});
} catch(e) { console.log(e); await shot("error"); }
await end();
