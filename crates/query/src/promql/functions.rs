//! PromQL's functions: one table that the checker reads, and the evaluator.

use super::ast::ValueType::{self, Matrix, Scalar, String, Vector};

/// What a function takes and gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Its name in queries; unlike words of the language, in this case only.
    pub name: &'static str,
    /// Types of its arguments; the last one is that of all further arguments too.
    pub args: &'static [ValueType],
    /// How many arguments there may be.
    pub count: Count,
    /// What it gives.
    pub returns: ValueType,
    /// Whether it may still change.
    pub is_experimental: bool,
}

/// How many arguments a function takes, compared with the types that its signature lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// As many.
    Exact,
    /// All but the last one, and at most so many more.
    UpTo(usize),
    /// All but the last one, and any number more.
    AtLeast,
}

impl Signature {
    /// Fewest arguments.
    pub fn least(&self) -> usize {
        match self.count {
            Count::Exact => self.args.len(),
            Count::UpTo(_) | Count::AtLeast => self.args.len().saturating_sub(1),
        }
    }

    /// Most arguments; none when there is no end.
    pub fn most(&self) -> Option<usize> {
        match self.count {
            Count::Exact => Some(self.args.len()),
            Count::UpTo(more) => Some(self.least() + more),
            Count::AtLeast => None,
        }
    }

    /// The type of the argument at `index`, from 0.
    pub fn arg(&self, index: usize) -> Option<ValueType> {
        self.args.get(index).or(self.args.last()).copied()
    }
}

macro_rules! functions {
    ($($section:ident {
        $($variant:ident $name:literal ($($arg:ident),*) $count:expr => $returns:ident;)*
    })*) => {
        /// A function.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs)] // each variant is the function of its name
        pub enum Function { $($($variant,)*)* }

        impl Function {
            /// All of them.
            pub const ALL: &[Self] = &[$($(Self::$variant,)*)*];

            /// The one called `name`.
            pub fn named(name: &str) -> Option<Self> {
                Some(match name { $($($name => Self::$variant,)*)* _ => return None })
            }

            /// What it takes and gives.
            pub fn signature(self) -> &'static Signature {
                match self {
                    $($(Self::$variant => &Signature {
                        name: $name,
                        args: &[$($arg),*],
                        count: $count,
                        returns: $returns,
                        is_experimental: is_experimental!($section),
                    },)*)*
                }
            }
        }
    };
}

macro_rules! is_experimental {
    (stable) => {
        false
    };
    (experimental) => {
        true
    };
}

use Count::{AtLeast, Exact, UpTo};

functions! { stable {
    Abs "abs" (Vector) Exact => Vector;
    Absent "absent" (Vector) Exact => Vector;
    AbsentOverTime "absent_over_time" (Matrix) Exact => Vector;
    Acos "acos" (Vector) Exact => Vector;
    Acosh "acosh" (Vector) Exact => Vector;
    Asin "asin" (Vector) Exact => Vector;
    Asinh "asinh" (Vector) Exact => Vector;
    Atan "atan" (Vector) Exact => Vector;
    Atanh "atanh" (Vector) Exact => Vector;
    AvgOverTime "avg_over_time" (Matrix) Exact => Vector;
    Ceil "ceil" (Vector) Exact => Vector;
    Changes "changes" (Matrix) Exact => Vector;
    Clamp "clamp" (Vector, Scalar, Scalar) Exact => Vector;
    ClampMax "clamp_max" (Vector, Scalar) Exact => Vector;
    ClampMin "clamp_min" (Vector, Scalar) Exact => Vector;
    Cos "cos" (Vector) Exact => Vector;
    Cosh "cosh" (Vector) Exact => Vector;
    CountOverTime "count_over_time" (Matrix) Exact => Vector;
    DayOfMonth "day_of_month" (Vector) UpTo(1) => Vector;
    DayOfWeek "day_of_week" (Vector) UpTo(1) => Vector;
    DayOfYear "day_of_year" (Vector) UpTo(1) => Vector;
    DaysInMonth "days_in_month" (Vector) UpTo(1) => Vector;
    Deg "deg" (Vector) Exact => Vector;
    Delta "delta" (Matrix) Exact => Vector;
    Deriv "deriv" (Matrix) Exact => Vector;
    Exp "exp" (Vector) Exact => Vector;
    FirstOverTime "first_over_time" (Matrix) Exact => Vector;
    Floor "floor" (Vector) Exact => Vector;
    HistogramAvg "histogram_avg" (Vector) Exact => Vector;
    HistogramCount "histogram_count" (Vector) Exact => Vector;
    HistogramFraction "histogram_fraction" (Scalar, Scalar, Vector) Exact => Vector;
    HistogramQuantile "histogram_quantile" (Scalar, Vector) Exact => Vector;
    HistogramStddev "histogram_stddev" (Vector) Exact => Vector;
    HistogramStdvar "histogram_stdvar" (Vector) Exact => Vector;
    HistogramSum "histogram_sum" (Vector) Exact => Vector;
    Hour "hour" (Vector) UpTo(1) => Vector;
    Idelta "idelta" (Matrix) Exact => Vector;
    Increase "increase" (Matrix) Exact => Vector;
    Irate "irate" (Matrix) Exact => Vector;
    LabelJoin "label_join" (Vector, String, String, String) AtLeast => Vector;
    LabelReplace "label_replace" (Vector, String, String, String, String) Exact => Vector;
    LastOverTime "last_over_time" (Matrix) Exact => Vector;
    Ln "ln" (Vector) Exact => Vector;
    Log10 "log10" (Vector) Exact => Vector;
    Log2 "log2" (Vector) Exact => Vector;
    MaxOverTime "max_over_time" (Matrix) Exact => Vector;
    MinOverTime "min_over_time" (Matrix) Exact => Vector;
    Minute "minute" (Vector) UpTo(1) => Vector;
    Month "month" (Vector) UpTo(1) => Vector;
    Pi "pi" () Exact => Scalar;
    PredictLinear "predict_linear" (Matrix, Scalar) Exact => Vector;
    PresentOverTime "present_over_time" (Matrix) Exact => Vector;
    QuantileOverTime "quantile_over_time" (Scalar, Matrix) Exact => Vector;
    Rad "rad" (Vector) Exact => Vector;
    Rate "rate" (Matrix) Exact => Vector;
    Resets "resets" (Matrix) Exact => Vector;
    Round "round" (Vector, Scalar) UpTo(1) => Vector;
    ToScalar "scalar" (Vector) Exact => Scalar;
    Sgn "sgn" (Vector) Exact => Vector;
    Sin "sin" (Vector) Exact => Vector;
    Sinh "sinh" (Vector) Exact => Vector;
    Sort "sort" (Vector) Exact => Vector;
    SortDesc "sort_desc" (Vector) Exact => Vector;
    Sqrt "sqrt" (Vector) Exact => Vector;
    StddevOverTime "stddev_over_time" (Matrix) Exact => Vector;
    StdvarOverTime "stdvar_over_time" (Matrix) Exact => Vector;
    SumOverTime "sum_over_time" (Matrix) Exact => Vector;
    Tan "tan" (Vector) Exact => Vector;
    Tanh "tanh" (Vector) Exact => Vector;
    Time "time" () Exact => Scalar;
    Timestamp "timestamp" (Vector) Exact => Vector;
    ToVector "vector" (Scalar) Exact => Vector;
    Year "year" (Vector) UpTo(1) => Vector;
} experimental {
    DoubleExponentialSmoothing "double_exponential_smoothing" (Matrix, Scalar, Scalar) Exact => Vector;
    End "end" () Exact => Scalar;
    HistogramQuantiles "histogram_quantiles" (Vector, String, Scalar, Scalar) UpTo(9) => Vector;
    Info "info" (Vector, Vector) UpTo(1) => Vector;
    MadOverTime "mad_over_time" (Matrix) Exact => Vector;
    MaxOf "max_of" (Scalar, Scalar) Exact => Scalar;
    MinOf "min_of" (Scalar, Scalar) Exact => Scalar;
    Range "range" () Exact => Scalar;
    SortByLabel "sort_by_label" (Vector, String) AtLeast => Vector;
    SortByLabelDesc "sort_by_label_desc" (Vector, String) AtLeast => Vector;
    Start "start" () Exact => Scalar;
    StartTimestamp "start_timestamp" (Vector) Exact => Vector;
    Step "step" () Exact => Scalar;
    TsOfFirstOverTime "ts_of_first_over_time" (Matrix) Exact => Vector;
    TsOfLastOverTime "ts_of_last_over_time" (Matrix) Exact => Vector;
    TsOfMaxOverTime "ts_of_max_over_time" (Matrix) Exact => Vector;
    TsOfMinOverTime "ts_of_min_over_time" (Matrix) Exact => Vector;
} }

#[cfg(test)]
mod tests;
