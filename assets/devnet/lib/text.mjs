// Names and Markdown of the generated Hub: believable, long-winded, and in a dozen places hostile.

const ASSETS = ['ethusdt', 'btcusdt', 'solusdt', 'suiusdt', 'bnbusdt', 'arbusdt', 'opusdt', 'avaxusdt',
    'linkusdt', 'dogeusdt', 'uniusdt', 'aaveusdt', 'xrpusdt', 'tonusdt', 'nearusdt', 'injusdt'];
const HORIZONS = ['5min', '15min', '30min', '1hr', '4hr', '6hr', '12hr', '1day', '1week'];
const PROTOCOLS = ['uniswap-v3', 'aave', 'compound', 'curve', 'morpho', 'gmx', 'pendle', 'aerodrome',
    'balancer', 'lido', 'ethena', 'euler', 'maker', 'velodrome', 'eigenlayer', 'fluid'];
const RISKS = ['liquidation-risk', 'impermanent-loss', 'depeg-risk', 'exit-liquidity', 'oracle-deviation',
    'mev-exposure', 'pool-drain', 'utilisation-spike', 'bad-debt', 'slippage', 'rug-score', 'governance-risk'];
const STYLES = ['lite', 'mini', 'v2', 'xl', 'fast', 'robust', 'ensemble', 'baseline', 'tuned', 'quantile', ''];
const NLP = ['sentiment', 'toxicity', 'intent', 'scam-message', 'headline-impact', 'governance-vote', 'language-id'];
const VISION = ['digit', 'chart-pattern', 'qr-damage', 'nft-rarity', 'captcha', 'signature-match'];
const LLMS = ['openai/gpt-5-mini', 'anthropic/claude-haiku', 'google/gemini-flash', 'x-ai/grok-mini',
    'meta-llama/llama-3-8b-instruct', 'mistralai/mistral-small', 'qwen/qwen-2-7b', 'deepseek/deepseek-chat'];

/** taskName as the Hub's pages show it, by subject. */
const TASKS = {
    volatility: ['Volatility Models', 'Time Series Forecasting'],
    return: ['Return Forecasting', 'Time Series Forecasting', 'Price Models'],
    'defi-risk': ['Risk Models', 'DeFi'],
    liquidation: ['Risk Models', 'Lending'],
    gas: ['Gas Forecasting', 'Time Series Forecasting'],
    anomaly: ['Anomaly Detection', 'Security'],
    sentiment: ['Text Classification', 'Natural Language Processing'],
    vision: ['Image Classification', 'Computer Vision'],
    portfolio: ['Portfolio Optimisation', 'DeFi'],
    bridge: ['Risk Models', 'Cross-chain'],
    llm: ['Text Generation', 'Large Language Models'],
};

export function taskName(r, subject) {
    return r.chance(35) ? null : r.pick(TASKS[subject]);
}

/** A model's name; the caller makes it unique within its author. */
export function modelName(r, subject) {
    const style = r.pick(STYLES);
    const tail = style ? `-${style}` : '';
    switch (subject) {
    case 'volatility':
        return `${r.chance(20) ? 'og-' : ''}${r.pick(HORIZONS)}-volatility-${r.pick(ASSETS)}${tail}`;
    case 'return': return `${r.pick(ASSETS)}-${r.pick(HORIZONS)}-${r.pick(['return', 'trend', 'forecast', 'direction'])}${tail}`;
    case 'defi-risk': return `${r.pick(PROTOCOLS)}-${r.pick(RISKS)}${tail}`;
    case 'liquidation': return `${r.pick(PROTOCOLS)}-liquidation-${r.pick(['score', 'watch', 'probability', 'radar'])}${tail}`;
    case 'gas': return `${r.pick(['base', 'ethereum', 'arbitrum', 'blob'])}-fee-${r.pick(HORIZONS)}${tail}`;
    case 'anomaly': return `${r.pick(['wallet', 'bridge', 'validator', 'mempool', 'sybil', 'airdrop'])}-anomaly${tail}`;
    case 'sentiment': return `${r.pick(['crypto', 'defi', 'x', 'news', 'discord'])}-${r.pick(NLP)}${tail}`;
    case 'vision': return `${r.pick(VISION)}-${r.pick(['net', 'classifier', 'cnn', 'tiny'])}${tail}`;
    case 'portfolio': return `${r.pick(['stable', 'bluechip', 'lst', 'defi', 'yield'])}-allocator${tail}`;
    case 'bridge': return `${r.pick(['bridge', 'route', 'relay', 'intent'])}-${r.pick(['risk', 'delay', 'finality'])}-scorer${tail}`;
    case 'llm': return `${r.pick(['trader', 'auditor', 'research', 'support', 'solidity', 'tutor'])}-assistant${tail}`;
    default: throw new Error(`no such subject: ${subject}`);
    }
}

export const llmPath = (r) => r.pick(LLMS);

// --- authors ---------------------------------------------------------------------------------------

const FIXED_AUTHORS = ['OpenGradient', 'mira', 'vol.labs', 'kmong', 'NT_Kljxpd20dIof', 'Goldy', 'דניאל_לוי',
    '量化小队', 'نور-للتحليل', 'Мария К', '김퀀트', 'données.libres', 'たなか研究室', 'ægir_risk', 'ελένη'];
const FIRST = ['quant', 'delta', 'sigma', 'lumen', 'harbor', 'north', 'kestrel', 'orchid', 'basalt', 'copper', 'ivory',
    'tidal', 'ember', 'falcon', 'maple', 'zephyr', 'onyx', 'saffron', 'cobalt', 'linden', 'rune', 'vega', 'mosaic', 'halo'];
const SECOND = ['labs', 'research', 'works', 'capital', 'ml', 'data', 'dao', 'models', 'signals', 'analytics', 'io', 'cat', 'dev', 'fox'];
const HOSTILE_AUTHORS = ['mallory\u001b]0;owned\u0007', 'ali\u202ececi\u202c\u200bce'];

export function authorNames(r, count) {
    const names = [...FIXED_AUTHORS.slice(0, count)];
    if (count > 20) names.push(...HOSTILE_AUTHORS);
    const seen = new Set(names);
    while (names.length < count) {
        const joint = r.pick(['', '_', '.', '-']);
        let name = `${r.pick(FIRST)}${joint}${r.pick(SECOND)}`;
        if (r.chance(30)) name += r.between(2, 99);
        if (!seen.has(name)) {
            seen.add(name);
            names.push(name);
        }
    }
    return names;
}

// --- hostile and awkward things, each given to one model --------------------------------------------

const tags = (s) => [...s].map((c) => String.fromCodePoint(0xe0000 + c.codePointAt(0))).join('');

/** [what is replaced, its value]; the first of them go to listed models. */
export const AWKWARD = [
    ['name', 'eth/usdt volatility/1hr'],
    ['name', 'Volatility Forecast for ETH (hourly, with confidence bands)'],
    ['name', '🚀 moon-detector 👩‍👩‍👧‍👦 v3 🇺🇦'],
    ['name', '以太坊波动率预测模型（一小时）'],
    ['name', 'מודל תנודתיות ETH-USDT'],
    ['name', 'نموذج مخاطر السيولة 2'],
    ['name', 'red\u001b[31malert\u001b[0m\u001b[2J\u001b[H'],
    ['name', 'clip\u001b]52;c;c291aw==\u0007board'],
    ['name', 'c1\u009b31m\u0090q\u009cbytes'],
    ['name', 'invoice\u202egpj.exe\u202c'],
    ['name', 'zero\u200bwidth\u200d\u2060\ufeffjoin'],
    ['name', `tagged${tags('hidden words')}`],
    ['name', `long-${'volatility-'.repeat(930)}end`],
    ['name', '<script>alert(1)</script><b>bold</b>'],
    ['name', 'new\nline\rand\ttab\u0000nul'],
    ['name', 'Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035a\u032f\u031e\u0320\u034da\u036b\u0357\u0334\u0362\u0335lgo'],
    ['name', '..%2f..%2fetc%2fpasswd'],
    ['name', "'; DROP TABLE models; --"],
    ['task', 'Risk\u001b[5mModels\u001b]8;;http://evil.example\u0007link\u001b]8;;\u0007'],
    ['task', '\u2066Forecast\u2069\u202e gnitsaceroF'],
    ['description', 'A model.\u001b]52;c;cm0gLXJmIH4=\u0007 Hidden paste.\n\n\u001b[?1049h\u001b[31mred\u001b[0m \u001bP+q544e\u001b\\ \u009d0;title\u009c\n'],
    ['description', '<img src=x onerror=alert(1)><iframe src="http://evil.example"></iframe>\n\n[click](javascript:alert(1)) ![x](http://tracker.example/p.gif)\n'],
    ['description', `${'> '.repeat(400)}deep quote\n\n${'- '.repeat(300)}deep list\n\n${'['.repeat(500)}x${']'.repeat(500)}\n\n|${'a|'.repeat(200)}\n|${'-|'.repeat(200)}\n`],
    ['description', `${'*'.repeat(3000)}\n\n\`\`\`\nnever closed ${'\u0300'.repeat(500)}\n`],
    ['description', ''],
];

// --- Markdown ------------------------------------------------------------------------------------------

const OPENINGS = [
    'This model scores', 'A compact network that estimates', 'An ONNX model predicting', 'We publish here the model that estimates',
    'A small, fast and fully reproducible model for', 'The production version of our model for'];
const ABOUT = {
    volatility: ['the standard deviation of one-minute returns over the next period', 'realised volatility from recent candles',
        'short-horizon volatility of a trading pair'],
    return: ['the next-period return of a trading pair', 'the direction of the price from lagged returns'],
    'defi-risk': ['the risk that a pool loses depth in a stress event', 'protocol risk from on-chain activity'],
    liquidation: ['the probability that a borrowing position is liquidated within a day', 'liquidation pressure across lending markets'],
    gas: ['the base fee a few blocks ahead', 'the cost of inclusion within a target delay'],
    anomaly: ['how far a wallet departs from its past behaviour', 'unusual flows in near real time'],
    sentiment: ['the tone of short crypto texts from their embeddings', 'whether a message is a scam'],
    vision: ['what an 8x8 grey image shows', 'simple patterns in down-sampled charts'],
    portfolio: ['how to split a budget between three baskets', 'the regime a portfolio is in'],
    bridge: ['how risky a cross-chain route is', 'the delay of a bridge transfer'],
    llm: ['answers to questions in its field', 'drafts and reviews of smart contracts'],
};
/** Said of any model. */
const SENTENCES = [
    'Training data covers {y} to 2026 and was cleaned of exchange outages.',
    'The features are computed over a rolling window and normalised by their own median.',
    'Outliers above the 99.5th percentile are clipped, which matters more than the choice of network.',
    'We saw no gain from deeper networks; the error is dominated by regime changes.',
    'Evaluate it on your own data before you let it move money.',
    'Inputs outside the training range give meaningless scores; check them first.',
    'Latency on one CPU core is well below a millisecond.',
    'Retrained every month; older releases stay available under their own blob id.',
    'Calibration was done by isotonic regression on a held-out quarter.',
    'The score is not a probability unless it says so below.',
    'Missing values should be replaced by zero after normalisation.',
    'The weights are released under {licence}; attribution is welcome.',
    'Every figure in the table was produced by the notebook linked at the end.',
    'The network has fewer than {n} hundred parameters, so it can be read as well as run.',
    'We hold out the last {n} weeks and never look at them while choosing features.',
    'Feature importance is stable across years, with one exception noted in the changelog.',
    'Questions and corrections are welcome in the discussion tab.',
    'It is small on purpose: an agent should be able to call it thousands of times a day.',
    'The export uses only standard operators, opset {o}, and no custom domains.',
    'Run it twice on the same input and you get the same answer, bit for bit.',
    'A confidence interval of the test error was computed by bootstrapping {n} days at a time.',
    'Do not average its output with that of an older release: the scales differ.',
    'There is a reference implementation of the preprocessing in {n} lines of Python.',
    'Random search over {n} configurations gave the final learning rate.',
];
/** Said of models of one subject. */
const SPECIFIC = {
    volatility: ['A naive last-value predictor is a strong baseline here: always compare with it.',
        'Volatility clusters: after a shock the forecast decays over about {n} bars.',
        'Candles must be ordered from oldest to newest, one row each: open, high, low, close.',
        'The target is the standard deviation of one-minute log returns of {a} over the next {h}.',
        'Market makers use the forecast to widen {a} quotes before the spread moves.',
        'Known weakness: weekends and public holidays, when depth is thin.',
        'Compared with GARCH(1,1) the error falls by {n} % in calm and by less in stormy weeks.',
        'An on-chain vault on {p} reads it to set the width of its range.'],
    return: ['Backtests include fees of {n} basis points and a delay of one block.',
        'The sign is more reliable than the size: treat the output as a direction.',
        'Lagged returns of {a} and of the whole market are the strongest inputs.',
        'Agents call it once every {h}; calling it more often does not add information.',
        'Momentum dominates at this horizon, mean reversion below it.',
        'The hit rate on {a} was 5{d} % out of sample, before costs.',
        'Position sizing is left to the caller; the example scales with inverse volatility.'],
    'defi-risk': ['Liquidity that leaves {p} within an hour is the best single predictor.',
        'A score above 0.{d} preceded most incidents of the last two years on {p}.',
        'Oracle deviation and utilisation enter as ratios, not as levels.',
        'Lending markets, pools and vaults share one feature set, so scores compare across protocols.',
        'Governance votes that change a risk parameter are a feature of their own.',
        'Insurance desks use it to price cover on {p} day by day.',
        'Stablecoin pools need the depeg feature; others may leave it at zero.'],
    liquidation: ['Health factors are taken at the block before the call.',
        'Positions on {p} below 1.0{d} are reported apart: for them nothing needs predicting.',
        'Keepers rank borrowers by the score and watch the top hundred.',
        'Collateral correlation is estimated over {n} days.',
        'Cascades are modelled by the share of collateral within {n} % of its threshold.'],
    gas: ['Blob fees and execution fees are forecast apart and added by the caller.',
        'The base fee of the last {n} blocks is all it needs.',
        'Airdrop days break it: use the quantile release for them.',
        'A wallet can wait for the forecast minimum and saves {n} % on average.'],
    anomaly: ['The score is the reconstruction error of an autoencoder trained on quiet days.',
        'Mixers, bridges and fresh wallets each leave their own trace in the inputs.',
        'About one wallet in {n} thousand exceeds the alert threshold in a normal week.',
        'Exchanges use it to hold withdrawals for a second look.',
        'Labels were only used for evaluation, never for training.'],
    sentiment: ['Feed it sentence embeddings of any small encoder, projected to the stated width.',
        'Sarcasm is beyond it; emoji are not.',
        'Messages in English, Spanish, Korean and Turkish were labelled by hand.',
        'Scam invitations share a vocabulary that hardly changed since {y}.',
        'The neutral class is large, so look at the margin and not only at the winner.'],
    vision: ['Pixels are grey values from 0 to 1, row by row.',
        'Small shifts are harmless thanks to the pooling; rotations are not.',
        'Charts are rendered at 8 by 8 before classification, which is enough for the three patterns it knows.',
        'Augmentation added noise and contrast changes, nothing else.'],
    portfolio: ['Weights sum to one: the last layer is a softmax.',
        'Turnover is limited by the caller, who should not follow every change.',
        'Regimes were found by clustering {n} macro series.',
        'Yield on {p} enters net of its thirty-day drawdown.'],
    bridge: ['Finality of the source chain is the largest part of the delay.',
        'Routes through {p} were excluded for lack of data.',
        'Validator set changes raise the score for a day.',
        'A router can drop all routes above 0.{d} without losing much liquidity.'],
    llm: ['Give it the contract and the question in one message.',
        'Answers are attested by the enclave, prompts are not stored.',
        'It was instructed to say so when it does not know.',
        'Temperature zero is recommended for anything a program reads.'],
};
const FEATURES = [['tvl_change_1h', '%'], ['volume_24h', 'USD'], ['spread', 'bps'], ['depth_2pct', 'USD'], ['utilisation', '%'],
    ['oracle_gap', 'bps'], ['funding_rate', 'bps'], ['open_interest', 'USD'], ['unique_traders', 'count'], ['large_tx_share', '%'],
    ['gas_price', 'gwei'], ['price_return_1h', '%'], ['price_return_24h', '%'], ['volatility_6h', '%'], ['collateral_ratio', 'ratio'],
    ['stablecoin_share', '%'], ['bridge_inflow', 'USD'], ['age', 'days']];
const HEADINGS = ['Overview', 'Method', 'Data', 'Evaluation', 'Limits', 'How to use', 'Changelog', 'Background', 'Notes', 'FAQ',
    'Features', 'Training', 'Calibration', 'Licence', 'Related models', 'Acknowledgements'];

/** What stays the same throughout one description: the asset its name speaks of, and so on. */
function subjectOf(r, name, spec) {
    const named = (list) => list.find((x) => name.includes(x)) ?? r.pick(list);
    return { a: named(ASSETS).toUpperCase(), h: named(HORIZONS), p: named(PROTOCOLS), o: spec?.opset ?? 17,
        licence: r.pick(['MIT', 'Apache-2.0', 'CC-BY-4.0']) };
}

const fill = (r, s, about) => s.replace(/\{(\w+)\}/g, (_, key) =>
    ({ y: r.between(2019, 2024), n: r.between(3, 30), d: r.between(1, 9), ...about })[key]);

/** Deals cards without repeating one before all were seen. */
class Deck {
    constructor(r, cards, about = {}) {
        [this.r, this.cards, this.at, this.about] = [r, cards, cards.length, about];
        this.once = new Set();
    }

    next() {
        if (this.at === this.cards.length) {
            this.cards = this.r.shuffle([...this.cards]);
            this.at = 0;
        }
        return this.cards[this.at++];
    }
}

const sentence = (r, deck) => fill(r, deck.next(), deck.about);
const paragraph = (r, deck, n) => Array.from({ length: n }, () => sentence(r, deck)).join(' ');

function block(r, deck, name, spec) {
    let kind = r.below(8);
    if ([2, 3, 5].includes(kind)) {
        // A table, a listing and a link: one of each will do.
        if (deck.once.has(kind)) kind = r.below(2);
        deck.once.add(kind);
    }
    switch (kind) {
    case 0: return Array.from({ length: r.between(3, 7) }, () => `- ${sentence(r, deck)}`).join('\n');
    case 1: return Array.from({ length: r.between(3, 5) }, (_, i) => `${i + 1}. ${sentence(r, deck)}`).join('\n');
    case 2: return ['| metric | train | test |', '|---|---:|---:|', ...['MAE', 'RMSE', 'R²', 'hit rate'].map((m) =>
        `| ${m} | 0.${r.between(100, 999)} | 0.${r.between(100, 999)} |`)].join('\n');
    case 3: return ['```python', 'import opengradient as og', '', `result = og.infer(model_cid=CID, model_input={"${spec?.input.name ?? 'prompt'}": x})`,
        'print(result.model_output)', '```'].join('\n');
    case 4: return `> ${paragraph(r, deck, 2)}`;
    case 5:
        return `See the [notebook](https://example.org/${encodeURIComponent(name.slice(0, 40))}/notebook) and ` +
            `**the benchmark** of _${r.between(2024, 2026)}_; \`${r.pick(FEATURES)[0]}\` matters most.`;
    default: return paragraph(r, deck, r.between(2, 5));
    }
}

function inputSection(r, spec) {
    const shape = JSON.stringify(spec.input.shape.map((d) => (d === 'N' ? 'batch' : d))).replaceAll('"', '');
    const rows = [`## Input\n\n\`${spec.input.name}\`: float32 ${shape}`];
    const width = spec.input.shape[spec.input.shape.length - 1];
    if (spec.input.name === 'features') {
        rows.push('', '| # | feature | unit |', '|---|---|---|');
        const start = r.below(FEATURES.length);
        for (let i = 0; i < width; i++) {
            const [feature, unit] = FEATURES[(start + i) % FEATURES.length];
            rows.push(`| ${i} | \`${feature}\` | ${unit} |`);
        }
    }
    rows.push('', `## Output\n\n\`${spec.output.name}\`: float32 ${JSON.stringify(spec.output.shape).replaceAll('"', '')}`);
    return rows.join('\n');
}

/** A README of roughly `sections` sections. `lines` are put in verbatim, each on a line of its own. */
export function description(r, { name, subject, spec, sections, lines }) {
    // What is peculiar to the subject comes up twice as often.
    const deck = new Deck(r, [...SENTENCES, ...SPECIFIC[subject], ...SPECIFIC[subject]], subjectOf(r, name, spec));
    const headings = new Deck(r, HEADINGS);
    const parts = [`# ${name.slice(0, 120)}`, `${r.pick(OPENINGS)} ${r.pick(ABOUT[subject])}. ${paragraph(r, deck, r.between(1, 3))}`];
    if (spec) parts.push(inputSection(r, spec));
    for (let i = 0; i < sections; i++) {
        parts.push(`## ${headings.next()}`);
        for (let k = r.between(1, 3); k > 0; k--) parts.push(block(r, deck, name, spec));
    }
    if (lines.length) parts.splice(r.between(2, parts.length), 0, lines.join('\n'));
    return `${parts.join('\n\n')}\n`;
}
